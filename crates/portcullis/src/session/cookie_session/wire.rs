//! A session and its text in the cookie.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    cookie::{EncryptionKeys, Keygrip, NoRandomness, pairs},
    session::data::{Data, put},
};

/// How sessions are written.
#[derive(Clone)]
pub(super) enum Wire {
    Encrypted(EncryptionKeys),
    Signed(Keygrip),
    Plain,
}

/// What a request's cookies are.
pub(super) struct Read {
    pub(super) data: Data,
    /// The text in the cookie; `None` if the session is a new one.
    pub(super) text: Option<String>,
    /// What stands beside the data of a sealed session.
    pub(super) times: Option<Times>,
    /// An old secret sealed it, and it is to be sealed anew.
    pub(super) is_stale: bool,
    pub(super) signature: Signature,
}

/// The times of a sealed session, which no client can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) began: SystemTime,
    /// When it was last sealed.
    pub(super) issued: SystemTime,
    pub(super) lifetime: Lifetime,
}

/// How long a session lasts from its last use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    AsConfigured,
    /// As the handler said; `None`: until the browser is closed.
    Own(Option<Duration>),
}

impl Lifetime {
    /// The handler's word, or else the configuration's.
    pub(super) fn or(self, configured: Option<Duration>) -> Option<Duration> {
        match self {
            Self::AsConfigured => configured,
            Self::Own(lifetime) => lifetime,
        }
    }

    /// In milliseconds; the two greatest numbers are for what is no number.
    fn to_bytes(self) -> [u8; 8] {
        let number = match self {
            Self::AsConfigured => AS_CONFIGURED,
            Self::Own(None) => UNTIL_CLOSED,
            Self::Own(Some(lifetime)) => {
                u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).min(UNTIL_CLOSED - 1)
            }
        };
        number.to_be_bytes()
    }

    fn from_bytes(bytes: [u8; 8]) -> Self {
        match u64::from_be_bytes(bytes) {
            AS_CONFIGURED => Self::AsConfigured,
            UNTIL_CLOSED => Self::Own(None),
            milliseconds => Self::Own(Some(Duration::from_millis(milliseconds))),
        }
    }
}

const AS_CONFIGURED: u64 = u64::MAX;
const UNTIL_CLOSED: u64 = u64::MAX - 1;

/// What is to be done about the signature, whether or not the session changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    Stays,
    /// It is from an old secret: this one takes its place.
    Renewed(String),
    /// It is wrong, and is taken away.
    Cleared,
}

impl Read {
    fn new(signature: Signature) -> Self {
        Self { data: Data::new(), text: None, times: None, is_stale: false, signature }
    }
}

/// As npm `cookies` finds them: the first of that name, a leading quote taken off with what closes it, nothing decoded.
pub(super) fn find<'a>(field: &'a [u8], name: &str) -> Option<&'a str> {
    let pair = pairs(field).find(|pair| pair.name == name.as_bytes())?;
    let value = match pair.value {
        [b'"', inner @ .., _] => inner,
        [b'"'] => &[],
        value => value,
    };
    std::str::from_utf8(value).ok().filter(|value| !value.is_empty())
}

/// Reads a session. Whatever is wrong with it, it is a new one.
pub(super) fn read(wire: &Wire, name: &str, value: Option<&str>, signature: Option<&str>) -> Read {
    let Some(value) = value else { return Read::new(Signature::Stays) };
    match wire {
        Wire::Encrypted(keys) => sealed(keys, name, value).unwrap_or_else(|| Read::new(Signature::Stays)),
        Wire::Plain => plain(value, Signature::Stays),
        Wire::Signed(keys) => {
            let Some(signature) = signature else { return Read::new(Signature::Stays) };
            let data = format!("{name}={value}");
            match keys.index(&data, signature) {
                None => Read::new(Signature::Cleared),
                Some(0) => plain(value, Signature::Stays),
                Some(_) => plain(value, Signature::Renewed(keys.sign(&data))),
            }
        }
    }
}

/// The text of a session in the cookie, and its signature.
pub(super) fn write(
    wire: &Wire,
    name: &str,
    data: &Data,
    times: Times,
) -> Result<(String, Option<String>), NoRandomness> {
    let json = object(data);
    Ok(match wire {
        Wire::Encrypted(keys) => {
            let began = times.began.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let plaintext = [&began.to_be_bytes(), &times.lifetime.to_bytes(), json.as_bytes()].concat();
            (keys.seal(name, &plaintext, times.issued)?, None)
        }
        Wire::Plain => (BASE64_STANDARD.encode(json), None),
        Wire::Signed(keys) => {
            let text = BASE64_STANDARD.encode(json);
            let signature = keys.sign(&format!("{name}={text}"));
            (text, Some(signature))
        }
    })
}

/// The signature of an emptied session.
pub(super) fn signature_of_nothing(wire: &Wire, name: &str) -> Option<String> {
    match wire {
        Wire::Signed(keys) => Some(keys.sign(&format!("{name}="))),
        Wire::Encrypted(_) | Wire::Plain => None,
    }
}

/// How long the text of a session is.
pub(super) fn length(wire: &Wire, data: &Data) -> usize {
    let json = object(data).len();
    match wire {
        Wire::Encrypted(_) => EncryptionKeys::sealed_length(16 + json),
        Wire::Signed(_) | Wire::Plain => json.div_ceil(3) * 4,
    }
}

fn sealed(keys: &EncryptionKeys, name: &str, value: &str) -> Option<Read> {
    let opened = keys.open(name, value).ok()?;
    let (began, rest) = opened.plaintext.split_first_chunk()?;
    let (lifetime, json) = rest.split_first_chunk()?;
    let began = UNIX_EPOCH.checked_add(Duration::from_secs(u64::from_be_bytes(*began)))?;
    let Object(data) = serde_json::from_slice(json).ok()?;
    Some(Read {
        data,
        text: Some(value.to_owned()),
        times: Some(Times { began, issued: opened.issued, lifetime: Lifetime::from_bytes(*lifetime) }),
        is_stale: opened.is_stale,
        signature: Signature::Stays,
    })
}

/// Compatible with cookie-session: base64 as Node reads it, in either alphabet and with whatever stands between.
fn plain(value: &str, signature: Signature) -> Read {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let standard: String = value
        .chars()
        .take_while(|char| *char != '=')
        .filter_map(|char| match char {
            '-' => Some('+'),
            '_' => Some('/'),
            '+' | '/' => Some(char),
            char => char.is_ascii_alphanumeric().then_some(char),
        })
        .collect();
    let whole = if standard.len() % 4 == 1 { standard.len() - 1 } else { standard.len() };
    let bytes = LENIENT.decode(standard.get(..whole).unwrap_or_default()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    match serde_json::from_str(&text) {
        Ok(Object(data)) => {
            Read { data, text: Some(value.to_owned()), times: None, is_stale: false, signature }
        }
        Err(_) => Read::new(signature),
    }
}

/// As `JSON.stringify` writes it.
fn object(data: &Data) -> String {
    let mut text = String::from("{");
    for (key, value) in data {
        if text.len() > 1 {
            text.push(',');
        }
        match serde_json::to_string(key) {
            Ok(key) => text.push_str(&key),
            Err(error) => unreachable!("a text is always JSON: {error}"),
        }
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text
}

struct Object(Data);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
                let mut data = Data::new();
                while let Some((key, value)) = members.next_entry::<String, Box<RawValue>>()? {
                    if !super::handle::is_reserved(&key) {
                        put(&mut data, &key, Some(value));
                    }
                }
                Ok(Object(data))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
