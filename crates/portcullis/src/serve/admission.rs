//! How many connections at a time, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts connections. One per server; where several accept loops make one server, they share it.
#[derive(Debug)]
pub(super) struct Admission {
    all: Arc<Semaphore>,
    per_client: usize,
    clients: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place among those that are counted; given back when the last clone is dropped.
///
/// It is in the extensions of a request that asks for an upgrade, so that what the connection becomes can keep it.
#[derive(Debug, Clone)]
pub struct ConnectionPlace {
    _place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    admission: Arc<Admission>,
    client: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(all: usize, per_client: usize) -> Arc<Self> {
        Arc::new(Self { all: Arc::new(Semaphore::new(all)), per_client, clients: Mutex::default() })
    }

    /// Waits until one more connection may be accepted.
    pub(super) async fn permit(self: &Arc<Self>) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// A place for a connection from `address`, or `None` if its client has all it may have.
    pub(super) fn place(
        self: &Arc<Self>,
        address: IpAddr,
        permit: OwnedSemaphorePermit,
    ) -> Option<ConnectionPlace> {
        let client = client_key(address);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let count = clients.entry(client).or_insert(0);
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        let place = Place { admission: Arc::clone(self), client, _permit: permit };
        Some(ConnectionPlace { _place: Arc::new(place) })
    }

    /// Whether no connection is left.
    pub(super) fn is_empty(&self) -> bool {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut clients = self.admission.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

/// IPv4 by address, IPv6 by /64, the least that one subscriber is given (RFC 6177).
fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_gets_its_share_and_gives_it_back() {
        let admission = Admission::new(10, 2);
        let here: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
        let mut places = Vec::new();
        for address in [here, neighbour] {
            places.push(admission.place(address, admission.permit().await.unwrap()).unwrap());
        }
        assert!(admission.place(here, admission.permit().await.unwrap()).is_none());
        assert!(admission.place(elsewhere, admission.permit().await.unwrap()).is_some());
        places.pop();
        assert!(admission.place(here, admission.permit().await.unwrap()).is_some());
        places.clear();
        assert!(admission.is_empty());
    }
}
