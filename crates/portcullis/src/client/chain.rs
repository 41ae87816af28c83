//! The hops that were believed, and `X-Forwarded-For` written from them.

use std::{io::Write, net::IpAddr};

use http::HeaderValue;

use crate::Connection;

/// The believed addresses, nearest first.
pub(super) struct Chain {
    addresses: [IpAddr; MAX_CHAIN],
    length: usize,
}

impl Chain {
    pub(super) fn ending_at(peer: IpAddr) -> Self {
        Self { addresses: [peer; MAX_CHAIN], length: 1 }
    }

    /// `false` if there is no room.
    pub(super) fn push(&mut self, address: IpAddr) -> bool {
        let Some(place) = self.addresses.get_mut(self.length) else { return false };
        *place = address;
        self.length += 1;
        true
    }

    fn addresses(&self) -> &[IpAddr] {
        self.addresses.get(..self.length).unwrap_or_default()
    }

    pub(super) fn client(&self) -> IpAddr {
        self.addresses().last().copied().unwrap_or(Connection::UNKNOWN.peer.ip())
    }

    /// `client, proxy, peer`.
    pub(super) fn to_value(&self) -> HeaderValue {
        // An IPv6 address has at most 39 characters (RFC 5952), and there is `, ` between two.
        let mut text = [0; MAX_CHAIN * 41];
        let mut rest = &mut text[..];
        for (index, address) in self.addresses().iter().rev().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            if write!(rest, "{separator}{address}").is_err() {
                break;
            }
        }
        let length = MAX_CHAIN * 41 - rest.len();
        HeaderValue::from_bytes(text.get(..length).unwrap_or_default())
            .unwrap_or(HeaderValue::from_static("unknown"))
    }
}

/// As many hops as are followed; a longer chain is cut, its client is the last that was followed.
pub(super) const MAX_CHAIN: usize = 16;
