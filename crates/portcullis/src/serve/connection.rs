//! One connection, from its first byte to its last.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Instant, interval, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Application, Config, ConnectionPlace,
    deadline::{PacedStream, TickTimer},
    service::{ConnectionService, InFlight},
};
use crate::Connection;

/// How often a busy connection looks at its deadlines.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// What a socket may hold unsent before it says "no more": small, so that a client's reading is seen soon.
const UNSENT_BYTES: u32 = 32 * 1024;

/// hyper's own limit, for which it needs no memory; any other is a table on the heap for every request.
const HYPER_MAX_HEADER_FIELDS: usize = 100;

/// What all connections of a server share.
pub(super) struct Shared<A> {
    pub(super) app: A,
    pub(super) config: Config,
    pub(super) tls: Option<TlsAcceptor>,
}

/// Serves a connection to its end. Until the first byte this future is all that the connection costs, so what follows is in
/// a box of its own.
pub(super) async fn serve_connection<A: Application>(
    stream: TcpStream,
    connection: Connection,
    place: ConnectionPlace,
    shared: Arc<Shared<A>>,
    mut stop: watch::Receiver<bool>,
) {
    let first_byte = async {
        // Peeked at and not only waited for: a socket just accepted may be called readable before anybody has looked.
        let mut byte = [0];
        tokio::select! {
            peeked = timeout(shared.config.first_byte, stream.peek(&mut byte)) => matches!(peeked, Ok(Ok(1))),
            () = stopped(&mut stop) => false,
        }
    };
    if first_byte.await {
        serve_active(stream, connection, place, shared, stop).await;
    }
}

/// What a connection costs once it speaks. In a box made by a plain function, since an `async` one would keep room for it.
fn serve_active<A: Application>(
    stream: TcpStream,
    connection: Connection,
    place: ConnectionPlace,
    shared: Arc<Shared<A>>,
    stop: watch::Receiver<bool>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(handshake_and_serve(stream, connection, place, shared, stop))
}

async fn handshake_and_serve<A: Application>(
    stream: TcpStream,
    connection: Connection,
    place: ConnectionPlace,
    shared: Arc<Shared<A>>,
    stop: watch::Receiver<bool>,
) {
    tune(&stream);
    let config = &shared.config;
    let stream = PacedStream::new(stream, config.read_window, config.min_read_bytes_per_second);
    let served = match &shared.tls {
        None => serve_http1(stream, connection, place, &shared, stop).await,
        Some(tls) => match timeout(config.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let connection = Connection { tls: true, ..connection };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    serve_http2(stream, connection, place, &shared, stop).await
                } else {
                    serve_http1(stream, connection, place, &shared, stop).await
                }
            }
            Ok(Err(error)) => return tracing::debug!(peer = %connection.peer, %error, "TLS handshake failed"),
            Err(_) => return tracing::debug!(peer = %connection.peer, "TLS handshake took too long"),
        },
    };
    if let Err(error) = served {
        tracing::debug!(peer = %connection.peer, %error, "connection ended early");
    }
}

fn tune(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT could not be set");
    }
}

async fn serve_http1<A: Application, I>(
    io: I,
    connection: Connection,
    place: ConnectionPlace,
    shared: &Shared<A>,
    mut stop: watch::Receiver<bool>,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = &shared.config;
    let service =
        ConnectionService { app: shared.app.clone(), connection, in_flight: InFlight::default(), place };
    let mut builder = http1::Builder::new();
    builder
        .timer(TickTimer)
        .header_read_timeout(config.header)
        .max_header_size(config.max_header_bytes as usize);
    if config.max_header_fields != HYPER_MAX_HEADER_FIELDS {
        builder.max_headers(config.max_header_fields);
    }
    let served = builder.serve_connection(TokioIo::new(io), service).with_upgrades();
    let mut served = pin!(served);
    let mut tick = interval(TICK);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            ended = served.as_mut() => return ended,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
            // The connection is polled again by the loop: that is what the tick is for.
            _ = tick.tick() => {}
        }
    }
}

async fn serve_http2<A: Application, I>(
    io: I,
    connection: Connection,
    place: ConnectionPlace,
    shared: &Shared<A>,
    mut stop: watch::Receiver<bool>,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = &shared.config;
    let in_flight = InFlight::default();
    let service =
        ConnectionService { app: shared.app.clone(), connection, in_flight: in_flight.clone(), place };
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_streams)
        .max_header_list_size(config.max_header_bytes)
        .max_pending_accept_reset_streams(config.max_pending_reset_streams)
        .max_local_error_reset_streams(config.max_local_error_reset_streams)
        .max_send_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(io), service);
    let mut served = pin!(served);
    let mut tick = interval(TICK);
    let mut busy = Instant::now();
    let mut stopping = false;
    let mut give_up = pin!(sleep(Duration::MAX));
    loop {
        tokio::select! {
            biased;
            ended = served.as_mut() => return ended,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
            _ = tick.tick() => {
                if !in_flight.is_none() {
                    busy = Instant::now();
                } else if busy.elapsed() > config.idle && !stopping {
                    stopping = true;
                    // GOAWAY, and a client that does not go is left.
                    served.as_mut().graceful_shutdown();
                    give_up.as_mut().reset(Instant::now() + config.header);
                }
            }
            () = give_up.as_mut() => return Ok(()),
        }
    }
}

/// Ends when the server is to stop.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone cannot ask for a stop any more, and has none to wait for.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_silent_connection_costs_less_than_a_kilobyte() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let config = Config::default();
        let admission = super::super::admission::Admission::new(1, 1);
        let place = admission.place(peer.ip(), admission.permit().await.unwrap()).unwrap();
        let connection = Connection { peer, local: stream.local_addr().unwrap(), tls: false };
        let shared = Arc::new(Shared { app: axum::Router::<()>::new(), config, tls: None });
        let (_stop, stopped) = watch::channel(false);
        let serving = serve_connection(stream, connection, place, shared, stopped);
        assert!(size_of_val(&serving) < 1024, "{} bytes", size_of_val(&serving));
        drop(client);
    }
}
