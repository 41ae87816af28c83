//! The accept loop.

use std::{
    future::{Future, pending},
    io,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    Application, Config,
    admission::Admission,
    connection::{Shared, serve_connection, stopped},
    tls::TlsConfig,
};
use crate::{ConfigError, Connection};

/// Serves `app` on `listener`, with production bounds. See the [module](mod@crate::serve) for what they are.
///
/// Nothing runs before [`Server::run`].
pub fn serve<S>(listener: TcpListener, app: S) -> Server<S> {
    Server {
        listener,
        app,
        config: Config::default(),
        tls: None,
        connections: None,
        stop: Box::pin(pending()),
    }
}

/// A server that is not yet running.
#[must_use = "a server serves once `run` is awaited"]
pub struct Server<S> {
    listener: TcpListener,
    app: S,
    config: Config,
    tls: Option<TlsConfig>,
    connections: Option<Connections>,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The connections of several servers, counted as one: accept loops on several cores, a plain and a TLS listener.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Admission>);

impl Connections {
    /// With the limits of `config`.
    pub fn new(config: &Config) -> Self {
        Self(Admission::new(config.max_connections, config.max_connections_per_client))
    }
}

impl<S> std::fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<S> Server<S> {
    /// With other bounds.
    pub fn with(mut self, config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        self.config = config;
        Ok(self)
    }

    /// Over TLS.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Counting its connections together with other servers'.
    pub fn counting(mut self, connections: &Connections) -> Self {
        self.connections = Some(connections.clone());
        self
    }

    /// Until `stop` ends; then without losing a request.
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = Box::pin(stop);
        self
    }

    /// Serves until told to stop, then until the requests in flight have their answers or [`Config::drain`] is over.
    pub async fn run(self)
    where
        S: Application,
    {
        let Self { listener, app, config, tls, connections, stop } = self;
        let Connections(admission) = connections.unwrap_or_else(|| Connections::new(&config));
        let drain = config.drain;
        let shared = Arc::new(Shared { app, config, tls: tls.map(TlsConfig::into_acceptor) });
        let (stop_connections, stop_seen) = watch::channel(false);
        let accepting = accept(listener, Arc::clone(&admission), shared, stop_seen.clone());
        tokio::select! {
            () = accepting => {}
            () = stop => {}
        }
        stop_connections.send_replace(true);
        drop(stop_seen);
        let deadline = Instant::now() + drain;
        while !admission.is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
        if !admission.is_empty() {
            tracing::warn!("connections were still busy when the time to drain was over");
        }
    }
}

async fn accept<S>(
    listener: TcpListener,
    admission: Arc<Admission>,
    shared: Arc<Shared<S>>,
    mut stop: watch::Receiver<bool>,
) where
    S: Application,
{
    loop {
        let Some(permit) = admission.permit().await else { return };
        let accepted = tokio::select! {
            accepted = next(&listener) => accepted,
            () = stopped(&mut stop) => return,
        };
        let (stream, connection) = accepted;
        let Some(place) = admission.place(connection.peer.ip(), permit) else {
            tracing::debug!(peer = %connection.peer, "closed: the client has all the connections it may have");
            continue;
        };
        let serving = serve_connection(stream, connection, place, Arc::clone(&shared), stop.clone());
        #[allow(clippy::disallowed_methods, reason = "this is the place that spawns")]
        tokio::spawn(serving);
    }
}

/// The next connection. An accept that fails for want of something (file descriptors, memory) is tried again after a pause;
/// one that failed because its client is gone, at once.
async fn next(listener: &TcpListener) -> (TcpStream, Connection) {
    loop {
        let error = match listener.accept().await {
            Ok((stream, peer)) => match stream.local_addr() {
                Ok(local) => return (stream, Connection { peer, local, tls: false }),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let client_is_gone = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NotConnected
        );
        if !client_is_gone {
            tracing::warn!(%error, "accept failed; next try in 100 ms");
            sleep(Duration::from_millis(100)).await;
        }
    }
}
