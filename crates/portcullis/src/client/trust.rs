//! Which addresses are our own proxies: Express's `trust proxy`, as data and as a decision.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::forwarded;
use crate::ConfigError;

/// The value of Express's `trust proxy` setting, as a configuration file spells it.
///
/// | value | who is believed |
/// |---|---|
/// | `false` | nobody (the default) |
/// | `2` | the nearest two hops, the peer of the socket being the first; right only if every way in has that many |
/// | `"loopback, 10.0.0.0/8"` | these addresses, comma between |
/// | `["loopback", "10.0.0.0/8"]` | the same as a list |
///
/// An address is an IPv4 or IPv6 address, one with a prefix length (`10.0.0.0/8`) or an IPv4 netmask
/// (`10.0.0.0/255.0.0.0`), or a name: `loopback` (127.0.0.0/8, `::1`), `linklocal` (169.254.0.0/16, `fe80::/10`),
/// `uniquelocal` (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, `fc00::/7`). Express's `true` is
/// [`Config::dangerous_trust_all`](super::Config::dangerous_trust_all).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "false, a number of hops, or addresses: \"loopback\", \"10.0.0.0/8\", [\"192.0.2.1\", \"uniquelocal\"]"
)]
pub enum TrustProxy {
    /// `false`. (`true` is refused by [`Trust::parse`].)
    Switch(bool),
    /// The number of proxies between the client and us.
    Hops(u32),
    /// Addresses, comma between.
    Text(String),
    /// Addresses.
    List(Vec<String>),
}

impl Default for TrustProxy {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// A checked [`TrustProxy`]: answers whether an address is one of our proxies.
///
/// ```
/// use portcullis::client::{Trust, TrustProxy};
///
/// let trust = Trust::parse(&TrustProxy::Text("loopback, 10.0.0.0/8".into()))?;
/// assert!(trust.trusts(Some("10.9.8.7".parse()?), 0));
/// assert!(trust.trusts(Some("::ffff:10.9.8.7".parse()?), 0)); // an IPv4 address in IPv6 dress
/// assert!(!trust.trusts(Some("203.0.113.5".parse()?), 0));
/// assert!(Trust::parse(&TrustProxy::Text("10.0.1".into())).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust(Decision);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    All,
    Hops(usize),
    Subnets(Vec<Subnet>),
}

impl Trust {
    /// Every hop is believed, so the client says who it is: Express's `true`.
    pub const DANGEROUS_ALL: Self = Self(Decision::All);

    /// Checks a setting. Follows proxy-addr 2.0.8 in what it takes, but reads addresses strictly: the octal, hexadecimal
    /// and one-number forms which proxy-addr takes too (`010.0.0.1`, `0x7f.1`, `"1"`) mean different hosts to different
    /// readers.
    pub fn parse(setting: &TrustProxy) -> Result<Self, ConfigError> {
        let subnets: Vec<&str> = match setting {
            TrustProxy::Switch(false) => return Ok(Self(Decision::Subnets(Vec::new()))),
            TrustProxy::Switch(true) => {
                return Err(ConfigError::new(
                    "trust_proxy",
                    true,
                    "a number of hops or a list of addresses; believing everybody is `dangerous_trust_all = true`",
                ));
            }
            TrustProxy::Hops(hops) => return Ok(Self(Decision::Hops(*hops as usize))),
            TrustProxy::Text(text) => text.split(',').map(str::trim).collect(),
            TrustProxy::List(list) => list.iter().map(String::as_str).collect(),
        };
        let mut parsed = Vec::with_capacity(subnets.len());
        for text in subnets {
            match text {
                "loopback" => parsed.extend([Subnet::v4(127, 0, 8), Subnet::v6(1, 128)]),
                "linklocal" => parsed.extend([Subnet::v4(169, 254, 16), Subnet::v6(0xfe80 << 112, 10)]),
                "uniquelocal" => parsed.extend([
                    Subnet::v4(10, 0, 8),
                    Subnet::v4(172, 16, 12),
                    Subnet::v4(192, 168, 16),
                    Subnet::v6(0xfc00 << 112, 7),
                ]),
                text => parsed.extend(Subnet::parse(text)?),
            }
        }
        Ok(Self(Decision::Subnets(parsed)))
    }

    /// Whether the hop is believed in what it says about the hop before it. `hop` counts from the socket's peer, which is
    /// 0; `address` is `None` where the chain has something that is no address.
    pub fn trusts(&self, address: Option<IpAddr>, hop: usize) -> bool {
        match &self.0 {
            Decision::All => true,
            Decision::Hops(hops) => hop < *hops,
            Decision::Subnets(subnets) => {
                address.is_some_and(|address| subnets.iter().any(|subnet| subnet.contains(address)))
            }
        }
    }

    /// The part of a chain that is believed: `entries` of `X-Forwarded-For`, nearest to the socket first, up to and with
    /// the first that is not one of our proxies. That one is the client; if there is none, the peer is.
    ///
    /// The entries are whatever the field held, as proxy-addr gives them; an entry that is no address is never trusted
    /// by address.
    pub fn believed<'a, I>(&self, peer: IpAddr, entries: I) -> impl Iterator<Item = &'a [u8]>
    where
        I: Iterator<Item = &'a [u8]>,
    {
        let mut nearer = Some(peer);
        let mut hop = 0;
        let mut entries = entries;
        std::iter::from_fn(move || {
            if !self.trusts(nearer, hop) {
                return None;
            }
            let entry = entries.next()?;
            nearer = forwarded::address(entry);
            hop += 1;
            Some(entry)
        })
    }
}

/// A range of addresses. An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) counts as the IPv4 address it holds, so
/// that neither spelling gets around a range written in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subnet {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Subnet {
    /// `first.second.0.0` with a prefix of 1 to 32 bits.
    fn v4(first: u8, second: u8, prefix: u32) -> Self {
        Self::of_v4(u32::from_be_bytes([first, second, 0, 0]), prefix)
    }

    fn of_v4(address: u32, prefix: u32) -> Self {
        let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
        Self::V4 { network: address & mask, mask }
    }

    fn v6(address: u128, prefix: u32) -> Self {
        let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
        Self::V6 { network: address & mask, mask }
    }

    /// `None` for a range of mapped addresses wider than all of IPv4: proxy-addr takes it and matches nothing.
    fn parse(text: &str) -> Result<Option<Self>, ConfigError> {
        let (address, range) = match text.rsplit_once('/') {
            Some((address, range)) => (address, Some(range)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| {
            ConfigError::new(
                "trust_proxy",
                format!("{text:?}"),
                "an IP address, a range such as 10.0.0.0/8, or loopback, linklocal, uniquelocal",
            )
        })?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match range {
            None => Some(most),
            Some(range) if range.bytes().all(|byte| byte.is_ascii_digit()) => range.parse().ok(),
            Some(range) if address.is_ipv4() => range.parse().ok().and_then(prefix_of_netmask),
            Some(_) => None,
        };
        let prefix = prefix.filter(|prefix| (1..=most).contains(prefix)).ok_or_else(|| {
            ConfigError::new(
                "trust_proxy",
                format!("{text:?}"),
                format!(
                    "an address with a prefix of 1 to {most} bits (everybody is `dangerous_trust_all = true`)"
                ),
            )
        })?;
        Ok(match address {
            IpAddr::V4(address) => Some(Self::of_v4(address.to_bits(), prefix)),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(inner) if prefix >= 96 => Some(Self::of_v4(inner.to_bits(), prefix - 96)),
                Some(_) => None,
                None => Some(Self::v6(address.to_bits(), prefix)),
            },
        })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { network, mask }, IpAddr::V4(address)) => address.to_bits() & mask == network,
            (Self::V6 { network, mask }, IpAddr::V6(address)) => address.to_bits() & mask == network,
            _ => false,
        }
    }
}

/// 255.255.0.0 -> 16; `None` if a one stands right of a zero.
fn prefix_of_netmask(netmask: std::net::Ipv4Addr) -> Option<u32> {
    let bits = netmask.to_bits();
    (bits.leading_ones() == bits.count_ones()).then(|| bits.count_ones())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Trust, ConfigError> {
        Trust::parse(&TrustProxy::Text(text.into()))
    }

    #[test]
    fn addresses_are_read_strictly() {
        for bad in [
            "",
            "1",
            "010.0.0.1",
            "0x7f.0.0.1",
            "10.0.0.0/0",
            "10.0.0.0/33",
            "::1/129",
            "fe80::/255.0.0.0",
            "a,b",
        ] {
            let error = text(bad).expect_err(bad);
            assert_eq!(error.path(), "trust_proxy");
        }
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let trust = Trust::parse(&TrustProxy::default()).unwrap();
        assert!(!trust.trusts(Some(IpAddr::from([127, 0, 0, 1])), 0));
    }

    #[test]
    fn true_must_be_asked_for_by_its_dangerous_name() {
        assert!(Trust::parse(&TrustProxy::Switch(true)).is_err());
        assert!(Trust::DANGEROUS_ALL.trusts(None, 99));
    }

    #[test]
    fn a_range_of_mapped_addresses_holds_no_native_ones() {
        let trust = text("::ffff:0:0/64").unwrap();
        assert!(!trust.trusts(Some("::1".parse().unwrap()), 0));
        assert!(!trust.trusts(Some("10.0.0.1".parse().unwrap()), 0));
        assert!(text("::ffff:10.0.0.0/104").unwrap().trusts(Some("10.1.2.3".parse().unwrap()), 0));
    }
}
