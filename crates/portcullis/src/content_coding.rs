//! The content codings of RFC 9110, section 8.4.1, and `br` (RFC 7932), read as a stream: to count what a body inflates
//! to, or to see what it says. Nothing larger than the coding's own window is held.

use std::{fmt, io::Write, mem, ops::ControlFlow};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status, write::MultiGzDecoder};
use http::HeaderValue;

/// How a body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    /// RFC 1952.
    Gzip,
    /// The zlib format of RFC 1950, as RFC 9110 defines `deflate`; never the bare stream of RFC 1951.
    Deflate,
    /// RFC 7932.
    Brotli,
}

/// A coding that is not read here, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsupported;

impl ContentCoding {
    /// The coding that the fields of one message name. `None` is `identity`.
    ///
    /// `x-gzip` is `gzip` (RFC 9110, section 8.4.1.3). An empty field, as body-parser reads it, is `identity`.
    pub(crate) fn of<'a>(
        fields: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Option<Self>, Unsupported> {
        let mut fields = fields.into_iter();
        let Some(field) = fields.next() else { return Ok(None) };
        if fields.next().is_some() {
            return Err(Unsupported);
        }
        Self::parse(field.to_str().map_err(|_| Unsupported)?.trim_matches([' ', '\t']))
    }

    /// One coding by its name, in any case.
    pub(crate) fn parse(name: &str) -> Result<Option<Self>, Unsupported> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if name.is_empty() || is("identity") => Ok(None),
            () if is("gzip") || is("x-gzip") => Ok(Some(Self::Gzip)),
            () if is("deflate") => Ok(Some(Self::Deflate)),
            () if is("br") => Ok(Some(Self::Brotli)),
            () => Err(Unsupported),
        }
    }
}

/// The bytes are not what the coding asks for: corrupt, cut off, or followed by something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is not what its content coding asks for")
    }
}

/// A coded body as it is inflated, piece by piece.
pub(crate) struct Inflation {
    decoder: Decoder,
    /// Whether there was any input: a body of no bytes at all is empty, not broken.
    begun: bool,
}

enum Decoder {
    /// All members, one after another.
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate {
        state: Decompress,
        ended: bool,
    },
    Brotli {
        state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
        ended: bool,
    },
}

/// The most that is inflated before the taker is asked again, for the codings that give a choice.
const PIECE_BYTES: usize = 8 * 1024;

impl Inflation {
    pub(crate) fn new(coding: ContentCoding) -> Self {
        let decoder = match coding {
            ContentCoding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            ContentCoding::Deflate => Decoder::Deflate { state: Decompress::new(true), ended: false },
            ContentCoding::Brotli => {
                let memory = StandardAlloc::default;
                // Strict: windows up to 16 MiB, as RFC 7932 has them, not the "large window" extension. The window's
                // pages are touched only as it fills.
                Decoder::Brotli {
                    state: Box::new(BrotliState::new_strict(memory(), memory(), memory())),
                    ended: false,
                }
            }
        };
        Self { decoder, begun: false }
    }

    /// Inflates `input`, and hands over what comes out in pieces until the taker breaks off.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Broken> {
        if input.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        self.begun = true;
        match &mut self.decoder {
            Decoder::Gzip(decoder) => feed_gzip(decoder, input, &mut take),
            Decoder::Deflate { state, ended } => feed_deflate(state, ended, input, &mut take),
            Decoder::Brotli { state, ended } => feed_brotli(state, ended, input, &mut take),
        }
    }

    /// Says that there is no more input.
    pub(crate) fn finish(&mut self) -> Result<(), Broken> {
        if !self.begun {
            return Ok(());
        }
        let whole = match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.try_finish().is_ok(),
            Decoder::Deflate { ended, .. } | Decoder::Brotli { ended, .. } => *ended,
        };
        if whole { Ok(()) } else { Err(Broken) }
    }
}

impl fmt::Debug for Inflation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflation").finish_non_exhaustive()
    }
}

fn feed_gzip(
    decoder: &mut MultiGzDecoder<Vec<u8>>,
    mut input: &[u8],
    take: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Broken> {
    // A write inflates at most the decoder's own 32 KiB, so the taker is asked at least that often.
    while !input.is_empty() {
        let read = decoder.write(input).map_err(|_| Broken)?;
        if read == 0 {
            return Err(Broken);
        }
        input = input.get(read..).unwrap_or_default();
        if hand_over(decoder.get_mut(), take).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    decoder.flush().map_err(|_| Broken)?;
    Ok(hand_over(decoder.get_mut(), take))
}

fn hand_over(inflated: &mut Vec<u8>, take: &mut impl FnMut(&[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
    if inflated.is_empty() {
        return ControlFlow::Continue(());
    }
    take(&mem::take(inflated))
}

fn feed_deflate(
    state: &mut Decompress,
    ended: &mut bool,
    mut input: &[u8],
    take: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Broken> {
    let mut piece = [0; PIECE_BYTES];
    loop {
        if *ended {
            return if input.is_empty() { Ok(ControlFlow::Continue(())) } else { Err(Broken) };
        }
        let (read_before, made_before) = (state.total_in(), state.total_out());
        let status = state.decompress(input, &mut piece, FlushDecompress::None).map_err(|_| Broken)?;
        let read = usize::try_from(state.total_in() - read_before).unwrap_or(usize::MAX);
        let made = usize::try_from(state.total_out() - made_before).unwrap_or(usize::MAX);
        *ended = status == Status::StreamEnd;
        input = input.get(read..).unwrap_or_default();
        if made > 0 && take(piece.get(..made).unwrap_or_default()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if !*ended && read == 0 && made == 0 {
            return if input.is_empty() { Ok(ControlFlow::Continue(())) } else { Err(Broken) };
        }
    }
}

fn feed_brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    ended: &mut bool,
    input: &[u8],
    take: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Broken> {
    if *ended {
        return Err(Broken);
    }
    let mut piece = [0; PIECE_BYTES];
    let (mut left, mut read, mut total) = (input.len(), 0, 0);
    loop {
        let (mut room, mut made) = (piece.len(), 0);
        let result = BrotliDecompressStream(
            &mut left, &mut read, input, &mut room, &mut made, &mut piece, &mut total, state,
        );
        if made > 0 && take(piece.get(..made).unwrap_or_default()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Ok(ControlFlow::Continue(())),
            BrotliResult::ResultSuccess if left == 0 => {
                *ended = true;
                return Ok(ControlFlow::Continue(()));
            }
            BrotliResult::ResultSuccess | BrotliResult::ResultFailure => return Err(Broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// `{"a":1}`, by node's `zlib.brotliCompressSync`.
    const BROTLI: [u8; 11] = [0x0b, 0x03, 0x80, 0x7b, 0x22, 0x61, 0x22, 0x3a, 0x31, 0x7d, 0x03];

    fn inflate(coding: ContentCoding, coded: &[u8], step: usize) -> Result<Vec<u8>, Broken> {
        let mut inflation = Inflation::new(coding);
        let mut plain = Vec::new();
        for chunk in coded.chunks(step) {
            let flow = inflation.feed(chunk, |piece| {
                plain.extend_from_slice(piece);
                ControlFlow::Continue(())
            })?;
            assert!(flow.is_continue());
        }
        inflation.finish()?;
        Ok(plain)
    }

    #[test]
    fn what_was_coded_comes_out_however_it_is_cut() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(|n| (n % 1_000).to_be_bytes()).collect();
        for step in [1, 2, 3, 1_000, 1_000_000] {
            assert_eq!(inflate(ContentCoding::Gzip, &gzip(&plain), step).unwrap(), plain, "{step}");
            assert_eq!(inflate(ContentCoding::Deflate, &zlib(&plain), step).unwrap(), plain, "{step}");
            assert_eq!(inflate(ContentCoding::Brotli, &BROTLI, step).unwrap(), br#"{"a":1}"#, "{step}");
            let members = [gzip(b"one"), gzip(b""), gzip(b"two")].concat();
            assert_eq!(inflate(ContentCoding::Gzip, &members, step).unwrap(), b"onetwo", "{step}");
        }
    }

    #[test]
    fn what_is_cut_off_corrupt_or_followed_by_more_is_broken() {
        for (coding, coded) in [
            (ContentCoding::Gzip, gzip(b"hello, hello, hello")),
            (ContentCoding::Deflate, zlib(b"hello, hello, hello")),
            (ContentCoding::Brotli, BROTLI.to_vec()),
        ] {
            for end in 1..coded.len() {
                assert_eq!(inflate(coding, &coded[..end], 7), Err(Broken), "{coding:?} cut at {end}");
            }
            assert_eq!(inflate(coding, &[&coded[..], b"more"].concat(), 7), Err(Broken), "{coding:?}");
            assert_eq!(inflate(coding, &[&coded[..], b"more"].concat(), 700), Err(Broken), "{coding:?}");
            assert_eq!(inflate(coding, b"not coded at all", 700), Err(Broken), "{coding:?}");
            assert_eq!(inflate(coding, b"", 700), Ok(Vec::new()), "{coding:?}");
        }
        let mut corrupt = gzip(b"hello");
        let crc = corrupt.len() - 8;
        corrupt[crc] ^= 1;
        assert_eq!(inflate(ContentCoding::Gzip, &corrupt, 700), Err(Broken));
        // The bare stream of RFC 1951 is not `deflate`.
        let bare = &zlib(b"hello")[2..];
        assert_eq!(inflate(ContentCoding::Deflate, bare, 700), Err(Broken));
    }

    #[test]
    fn a_bomb_is_stopped_where_the_taker_breaks_off() {
        let zeros = vec![0; 32 * 1024 * 1024];
        for (coding, bomb) in [(ContentCoding::Gzip, gzip(&zeros)), (ContentCoding::Deflate, zlib(&zeros))] {
            assert!(bomb.len() < zeros.len() / 900, "{}", bomb.len());
            let mut seen = 0;
            let flow = Inflation::new(coding).feed(&bomb, |piece| {
                seen += piece.len();
                if seen > 10_240 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(flow, Ok(ControlFlow::Break(())), "{coding:?}");
            assert!(seen < 100_000, "{coding:?}: {seen}");
        }
    }

    /// A stream that declares the largest window must not cost its memory, or ten small requests cost 160 MiB.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_window_costs_memory_only_as_it_fills() {
        let resident_kib = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            line.split_ascii_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
        };
        // WBITS 24, then a meta-block of 65,536 literal bytes that is not the last (RFC 7932, section 9).
        let largest = [&[0x8f, 0xff, 0xff][..], &[b' '; 100]].concat();
        let before = resident_kib();
        let open: Vec<Inflation> = (0..100)
            .map(|_| {
                let mut inflation = Inflation::new(ContentCoding::Brotli);
                assert!(inflation.feed(&largest, |_| ControlFlow::Continue(())).unwrap().is_continue());
                inflation
            })
            .collect();
        let each = resident_kib().saturating_sub(before) / open.len();
        assert!(each < 4 * 1024, "{each} KiB each, of 16 MiB");
    }

    #[test]
    fn one_known_coding_is_read_and_nothing_else() {
        let of = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| HeaderValue::from_str(value).unwrap()).collect();
            ContentCoding::of(&values)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["identity"]), Ok(None));
        assert_eq!(of(&[""]), Ok(None));
        assert_eq!(of(&["GZIP"]), Ok(Some(ContentCoding::Gzip)));
        assert_eq!(of(&["x-gzip "]), Ok(Some(ContentCoding::Gzip)));
        for unsupported in [&["zstd"][..], &["compress"], &["gzip, gzip"], &["gzip", "gzip"], &["gzip,"]] {
            assert_eq!(of(unsupported), Err(Unsupported), "{unsupported:?}");
        }
    }
}
