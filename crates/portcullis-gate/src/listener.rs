//! Sockets to accept on.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait in the kernel to be accepted.
const BACKLOG: i32 = 4096;

/// Why a port cannot be had.
#[derive(Debug)]
pub struct BindError {
    address: SocketAddr,
    cause: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        match cause.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "{address} is taken: another program listens there. Stop it, or choose another port"
            ),
            io::ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "{address} needs privileges: ports below 1024 are root's. Choose a port of 1024 or above"
                )
            }
            io::ErrorKind::AddrNotAvailable => write!(f, "{address} is no address of this machine"),
            _ => write!(f, "{address} cannot be listened on: {cause}"),
        }
    }
}

impl std::error::Error for BindError {}

/// One socket per worker, on one port: the kernel spreads connections over them (`SO_REUSEPORT`).
pub(crate) fn bind(address: SocketAddr, count: usize) -> Result<Vec<TcpListener>, BindError> {
    let failed = |cause| BindError { address, cause };
    // SO_REUSEPORT would share the port with another gate of the same user without a word; a socket without it is refused.
    if address.port() != 0 {
        socket(address, false).map_err(failed)?;
    }
    let first = socket(address, true).map_err(failed)?;
    let bound = first.local_addr().map_err(failed)?;
    let mut sockets = vec![first];
    for _ in 1..count {
        sockets.push(socket(bound, true).map_err(failed)?);
    }
    Ok(sockets)
}

fn socket(address: SocketAddr, shares_port: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shares_port)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// As many open files as the system allows: each connection is one, and one more towards the application.
pub(crate) fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_refused_even_by_another_gate() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let taken = sockets[0].local_addr().unwrap();
        assert_eq!(sockets[1].local_addr().unwrap(), taken);
        let error = bind(taken, 1).unwrap_err();
        assert!(error.to_string().contains("is taken"), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let error = bind("192.0.2.1:0".parse().unwrap(), 1).unwrap_err();
        assert!(error.to_string().contains("no address of this machine"), "{error}");
    }
}
