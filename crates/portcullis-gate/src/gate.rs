//! A gate from its configuration to its end.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    thread,
};

use portcullis::{
    ConfigError,
    serve::{
        self, Application, Connections,
        tls::{DevelopmentCertificate, TlsConfig, TlsError},
    },
};
use tokio::sync::watch;

use crate::{
    config::Config,
    counters::Memories,
    listener::{self, BindError},
    redirect::RedirectToHttps,
    route::Routes,
};

/// A gate with its ports bound, not yet serving.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    tls: Option<TlsConfig>,
    certificate: Option<String>,
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    workers: Vec<Listeners>,
}

/// The sockets of one worker.
#[derive(Debug, Default)]
struct Listeners {
    https: Option<TcpListener>,
    http: Option<TcpListener>,
}

/// Why a gate does not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// A route's guards cannot be built.
    Route {
        /// Which.
        path: String,
        /// Why.
        error: ConfigError,
    },
    /// There is no certificate to serve with.
    Tls(TlsError),
    /// A port cannot be had.
    Bind(BindError),
    /// A thread, a runtime or the ready file cannot be had.
    System(&'static str, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route { path, error } => write!(f, "route {path}: {error}"),
            Self::Tls(error) => write!(f, "tls: {error}"),
            Self::Bind(error) => error.fmt(f),
            Self::System(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Stops a running gate. Dropping it stops nothing.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// No new connections; requests in flight get their answers.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Gate {
    /// Builds everything that can fail, then binds: a gate that starts has nothing left to go wrong.
    pub fn bind(config: Config) -> Result<Self, StartError> {
        listener::raise_file_limit();
        let (tls, certificate) = certificate(&config)?;
        build(&config, &Memories::default())?;
        let count =
            config.listen.workers.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        let mut workers: Vec<Listeners> = (0..count).map(|_| Listeners::default()).collect();
        let (mut https, mut http) = (None, None);
        if let Some(address) = config.listen.https {
            let sockets = listener::bind(address, count).map_err(StartError::Bind)?;
            https = sockets.first().and_then(|socket| socket.local_addr().ok());
            for (worker, socket) in workers.iter_mut().zip(sockets) {
                worker.https = Some(socket);
            }
        }
        if let Some(address) = config.listen.http {
            let sockets = listener::bind(address, count).map_err(StartError::Bind)?;
            http = sockets.first().and_then(|socket| socket.local_addr().ok());
            for (worker, socket) in workers.iter_mut().zip(sockets) {
                worker.http = Some(socket);
            }
        }
        Ok(Self { config, tls, certificate, https, http, workers })
    }

    /// Where TLS is spoken.
    pub fn https(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Where plain HTTP is spoken.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The development certificate, for a client that is to trust it; `None` with a certificate from a file.
    pub fn development_certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Serves, on a thread per worker, until stopped; `ready` is called once it does.
    pub fn run(self, ready: impl FnOnce(Stop)) -> Result<(), StartError> {
        let Self { config, tls, https, http, workers, .. } = self;
        let (stop, stopped) = watch::channel(false);
        let connections = Connections::new(&config.serve);
        let redirect = RedirectToHttps {
            port: config
                .listen
                .https_port
                .or(https.map(|address| address.port()))
                .filter(|port| *port != 443),
        };
        let memories = Memories::default();
        let mut threads = Vec::new();
        for (number, listeners) in workers.into_iter().enumerate() {
            let worker = Worker {
                routes: build(&config, &memories)?,
                serve: config.serve.clone(),
                connections: connections.clone(),
                tls: tls.clone(),
                redirect: (!config.listen.dangerous_plain_http).then(|| redirect.clone()),
                stopped: stopped.clone(),
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| StartError::System("no runtime", error))?;
            let thread = thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || runtime.block_on(worker.run(listeners)))
                .map_err(|error| StartError::System("no thread", error))?;
            threads.push(thread);
        }
        if let Some(path) = &config.log.ready_file {
            write_ready_file(path, http, https)
                .map_err(|error| StartError::System("the ready file cannot be written", error))?;
        }
        ready(Stop(stop));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a worker has panicked");
            }
        }
        Ok(())
    }
}

/// What one accept loop, or two, need.
struct Worker {
    routes: Routes,
    serve: serve::Config,
    connections: Connections,
    tls: Option<TlsConfig>,
    redirect: Option<RedirectToHttps>,
    stopped: watch::Receiver<bool>,
}

impl Worker {
    async fn run(self, listeners: Listeners) {
        let https = async {
            if let (Some(listener), Some(tls)) = (listeners.https, self.tls.clone()) {
                self.serve(listener, self.routes.clone(), Some(tls)).await;
            }
        };
        let http = async {
            match (listeners.http, self.redirect.clone()) {
                (Some(listener), Some(redirect)) => self.serve(listener, redirect, None).await,
                (Some(listener), None) => self.serve(listener, self.routes.clone(), None).await,
                (None, _) => {}
            }
        };
        tokio::join!(https, http);
    }

    async fn serve(&self, listener: TcpListener, app: impl Application, tls: Option<TlsConfig>) {
        let mut stopped = self.stopped.clone();
        let until = async move {
            // A gate whose `Stop` is gone is never stopped.
            if stopped.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "a bound socket cannot be served"),
        };
        let server = serve::serve(listener, app).counting(&self.connections).until(until);
        let server = match server.with(self.serve.clone()) {
            Ok(server) => server,
            Err(error) => return tracing::error!(%error, "bounds that were checked are wrong"),
        };
        match tls {
            Some(tls) => server.tls(tls).run().await,
            None => server.run().await,
        }
    }
}

fn build(config: &Config, memories: &Memories) -> Result<Routes, StartError> {
    Routes::new(config, memories).map_err(|errors| {
        let mut errors = errors.into_iter();
        match errors.next() {
            Some((path, error)) => StartError::Route { path, error },
            None => StartError::System("no routes", io::ErrorKind::InvalidInput.into()),
        }
    })
}

/// The certificate that the configuration names.
fn certificate(config: &Config) -> Result<(Option<TlsConfig>, Option<String>), StartError> {
    if config.listen.https.is_none() {
        return Ok((None, None));
    }
    match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => {
            TlsConfig::from_files(certificate, key).map(|tls| (Some(tls), None)).map_err(StartError::Tls)
        }
        _ => {
            let made = DevelopmentCertificate::for_localhost().map_err(StartError::Tls)?;
            Ok((Some(made.tls), Some(made.certificate_pem)))
        }
    }
}

/// Whether the gate could start, without binding anything.
pub fn check(config: &Config) -> Result<(), StartError> {
    certificate(config)?;
    build(config, &Memories::default()).map(drop)
}

/// Written beside and renamed, so that whoever waits for it never reads half.
fn write_ready_file(path: &Path, http: Option<SocketAddr>, https: Option<SocketAddr>) -> io::Result<()> {
    let ready = serde_json::json!({
        "http": http.map(|address| address.to_string()),
        "https": https.map(|address| address.to_string()),
        "pid": std::process::id(),
    });
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(directory)?;
    std::fs::write(file.path(), format!("{ready}\n"))?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
