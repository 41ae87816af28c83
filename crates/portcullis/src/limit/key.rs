//! Whose counter it is.

use std::net::{IpAddr, Ipv6Addr};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ConfigError, client::forwarded, cookie};

/// What requests have in common that count together: `"address"`, `"all"`, `{ header = "x-api-key" }`, `{ cookie = "sid" }`.
///
/// A client writes its own fields and cookies, and may write new ones each time. So a limit by them says how much one key
/// gets, never how much one client gets, and stands only beside a limit by address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyBy {
    /// The client's address: IPv4 as it is, IPv6 by its network.
    #[default]
    Address,
    /// One counter for all who ask: what the application can bear.
    All,
    /// A field, such as an API key. Requests without it count by address.
    Header(String),
    /// A cookie, such as a session's, hashed. Requests without it count by address.
    Cookie(String),
}

impl KeyBy {
    /// Whether it is nothing that a client writes.
    pub(crate) fn is_by_address(&self) -> bool {
        *self == Self::Address
    }

    pub(crate) fn compile(&self) -> Result<CompiledKey, ConfigError> {
        Ok(match self {
            Self::Address => CompiledKey::Address,
            Self::All => CompiledKey::All,
            Self::Header(name) => {
                let wrong = |right| ConfigError::new("by.header", format!("{name:?}"), right);
                let field =
                    HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("the name of a field"))?;
                if forwarded::is_forwarding_field(field.as_str()) || field == header::HOST {
                    return Err(wrong(
                        "`by = \"address\"`: whoever asks writes this field, and another each time",
                    ));
                }
                CompiledKey::Header(field)
            }
            Self::Cookie(name) if name.is_empty() => {
                return Err(ConfigError::new("by.cookie", "\"\"", "the name of a cookie"));
            }
            Self::Cookie(name) => CompiledKey::Cookie(name.clone()),
        })
    }
}

/// A checked [`KeyBy`].
#[derive(Debug, Clone)]
pub(crate) enum CompiledKey {
    Address,
    All,
    Header(HeaderName),
    Cookie(String),
}

impl CompiledKey {
    /// The key of a request; `None` where nobody knows who asks.
    pub(crate) fn of(&self, head: &HeaderMap, address: Option<IpAddr>, ipv6_prefix: u8) -> Option<String> {
        let by_address = || address.map(|address| of_address(address, ipv6_prefix));
        match self {
            Self::Address => by_address(),
            Self::All => Some("all".to_owned()),
            // What comes from outside is hashed: it may be long, and it may be secret.
            Self::Header(name) => match head.get(name) {
                Some(value) => Some(format!("h:{}", digest(value.as_bytes()))),
                None => by_address(),
            },
            Self::Cookie(name) => {
                let value = head.get_all(header::COOKIE).iter().find_map(|field| {
                    let mut pairs = cookie::pairs(field.as_bytes());
                    pairs.find(|pair| pair.name == name.as_bytes()).map(|pair| digest(pair.value))
                });
                value.map(|digest| format!("c:{digest}")).or_else(by_address)
            }
        }
    }
}

/// An address as a key: IPv4 as it is, also where IPv6 carries it; IPv6 as its network, since one subscriber has a whole one.
///
/// Compatible with `ipKeyGenerator` of express-rate-limit 8.
///
/// ```
/// use portcullis::limit::key::of_address;
///
/// assert_eq!(of_address("192.0.2.1".parse().unwrap(), 56), "192.0.2.1");
/// assert_eq!(of_address("::ffff:192.0.2.1".parse().unwrap(), 56), "192.0.2.1");
/// assert_eq!(of_address("2001:db8:1:abcd::7".parse().unwrap(), 56), "2001:db8:1:ab00::/56");
/// ```
pub fn of_address(address: IpAddr, ipv6_prefix: u8) -> String {
    let address = match address {
        IpAddr::V4(address) => return address.to_string(),
        IpAddr::V6(address) => address,
    };
    // IPv4-mapped, and the IPv4-compatible of old; `::` and `::1` are neither.
    if let [0, 0, 0, 0, 0, 0 | 0xffff, high, low] = address.segments()
        && (address.to_ipv4_mapped().is_some() || high != 0)
    {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return std::net::Ipv4Addr::new(a, b, c, d).to_string();
    }
    if ipv6_prefix >= 128 {
        return address.to_string();
    }
    let mask = u128::MAX.checked_shl(128 - u32::from(ipv6_prefix)).unwrap_or(0);
    format!("{}/{ipv6_prefix}", Ipv6Addr::from_bits(address.to_bits() & mask))
}

/// A key as draft 8 shows it: base64 of the first 12 hexadecimal digits of its SHA-256.
///
/// Compatible with express-rate-limit 8.
pub fn partition(key: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(key.as_bytes());
    let nibbles = digest.iter().take(6).flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: Vec<u8> = nibbles.filter_map(|nibble| HEX.get(usize::from(nibble)).copied()).collect();
    BASE64_STANDARD.encode(hex)
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    BASE64_STANDARD.encode(digest.get(..16).unwrap_or(&digest))
}
