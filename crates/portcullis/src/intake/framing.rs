//! Where a message ends: any doubt is a refusal.

use http::{HeaderMap, Method, Version, header};

/// Why a request's framing is refused. The connection is closed after it: what follows on it may not be a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingError {
    /// `Transfer-Encoding` that is not exactly one `chunked` (RFC 9112, section 6.1).
    TransferCoding,
    /// Both `Transfer-Encoding` and `Content-Length`.
    Both,
    /// A `Content-Length` that is not one number of at most 18 digits, or several of them.
    ContentLength,
    /// A connection-specific field in HTTP/2 (RFC 9113, section 8.2.2).
    ConnectionField,
    /// A body where the method has none by definition (`TRACE`, `CONNECT`).
    Body,
}

impl FramingError {
    /// For the log.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TransferCoding => "Transfer-Encoding other than one `chunked`",
            Self::Both => "Transfer-Encoding and Content-Length together",
            Self::ContentLength => "Content-Length is not one number",
            Self::ConnectionField => "connection-specific field in HTTP/2",
            Self::Body => "body in a request that has none",
        }
    }
}

/// Checks what the parser let through; the parser itself has refused what it could not read.
pub(super) fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<(), FramingError> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let (coding, length) = (codings.next(), lengths.next());
    if let Some(coding) = coding {
        if version == Version::HTTP_2 {
            return Err(FramingError::ConnectionField);
        }
        if codings.next().is_some()
            || version != Version::HTTP_11
            || !coding.as_bytes().eq_ignore_ascii_case(b"chunked")
        {
            return Err(FramingError::TransferCoding);
        }
        if length.is_some() {
            return Err(FramingError::Both);
        }
    }
    if let Some(length) = length {
        let digits = length.as_bytes();
        let is_number = (1..=18).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        if !is_number || lengths.next().is_some() {
            return Err(FramingError::ContentLength);
        }
        if *method == Method::TRACE && digits != b"0" {
            return Err(FramingError::Body);
        }
    }
    Ok(())
}
