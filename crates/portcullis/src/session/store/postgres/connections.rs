//! Connections: how they are made, how long they are waited for, and what their errors mean.

use std::{error::Error, fmt, io, path::Path, str::FromStr, sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{
    NoTls, Row,
    config::{Host, SslMode},
    error::SqlState,
    types::ToSql,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::Config;
use crate::{ConfigError, session::store::StoreError};

/// A bounded number of connections, made when they are needed.
pub(super) struct Connections {
    pool: Pool,
    deadline: Duration,
}

impl Connections {
    pub(super) fn new(url: &str, config: &Config) -> Result<Self, ConfigError> {
        if !(Duration::from_millis(1)..=Duration::from_secs(60)).contains(&config.deadline) {
            let shown = format!("{:?}", config.deadline);
            return Err(ConfigError::new("deadline", shown, "from \"1ms\" to \"60s\""));
        }
        if !(1..=1000).contains(&config.max_connections) {
            return Err(ConfigError::new("max_connections", config.max_connections, "from 1 to 1000"));
        }
        let manager = manager(url, config)?;
        let mut builder = Pool::builder(manager).max_size(config.max_connections);
        if let Some(zone) = config.time_zone.clone() {
            builder = builder.post_create(Hook::async_fn(move |client, _| {
                let zone = zone.clone();
                Box::pin(async move {
                    let set = client.query("SELECT set_config('TimeZone', $1, false)", &[&zone]).await;
                    set.map(|_| ()).map_err(HookError::Backend)
                })
            }));
        }
        let pool = builder.build().map_err(|error| {
            ConfigError::new("max_connections", config.max_connections, format!("a pool: {error}"))
        })?;
        Ok(Self { pool, deadline: config.deadline })
    }

    /// One statement, within the deadline.
    pub(super) async fn ask(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let until = Instant::now() + self.deadline;
        let connection = self.connection(until).await?;
        let answer = timeout_at(until, async {
            let prepared = connection.prepare_cached(statement).await?;
            connection.query(&prepared, values).await
        });
        match answer.await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                // A statement that is stale, since the table was made anew or the connection is not the one it was.
                if [&SqlState::FEATURE_NOT_SUPPORTED, &SqlState::INVALID_SQL_STATEMENT_NAME]
                    .into_iter()
                    .any(|stale| error.code() == Some(stale))
                {
                    drop(Object::take(connection));
                }
                Err(store_error(&error))
            }
            Err(_) => {
                // It may answer yet; whoever came next would wait for that first.
                drop(Object::take(connection));
                Err(self.late())
            }
        }
    }

    /// Several statements without values, within the deadline.
    pub(super) async fn carry_out(&self, statements: &str) -> Result<(), StoreError> {
        let until = Instant::now() + self.deadline;
        let connection = self.connection(until).await?;
        match timeout_at(until, connection.batch_execute(statements)).await {
            Ok(done) => done.map_err(|error| store_error(&error)),
            Err(_) => {
                drop(Object::take(connection));
                Err(self.late())
            }
        }
    }

    async fn connection(&self, until: Instant) -> Result<Object, StoreError> {
        match timeout_at(until, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => {
                Err(store_error(&error))
            }
            Ok(Err(error)) => Err(StoreError::Away(error.to_string().into())),
            Err(_) => Err(self.late()),
        }
    }

    fn late(&self) -> StoreError {
        StoreError::Away(format!("PostgreSQL did not answer within {:?}", self.deadline).into())
    }
}

impl fmt::Debug for Connections {
    /// Without the password, which the pool would show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("status", &self.pool.status())
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// What an error means for whoever asked. The server's message, never its detail, which may quote a session.
pub(super) fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        // A closed connection, or none; what is wrong with a value or a row is neither.
        return if error.is_closed() || error.source().is_some_and(<dyn Error>::is::<io::Error>) {
            StoreError::Away(format!("{error}{cause}").into())
        } else {
            StoreError::Broken(format!("{error}{cause}").into())
        };
    };
    let code = refusal.code();
    let message = format!("{} ({})", refusal.message(), code.code());
    // Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
    match code.code().get(..2) {
        _ if *code == SqlState::TOO_MANY_CONNECTIONS || *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            StoreError::Away(message.into())
        }
        Some("08" | "40" | "55" | "57") => StoreError::Away(message.into()),
        Some("53") => StoreError::Full(message.into()),
        _ => StoreError::Broken(message.into()),
    }
}

fn manager(url: &str, config: &Config) -> Result<Manager, ConfigError> {
    // The URL holds a password, so no error shows any of it.
    let wrong = |right: &str| ConfigError::new("url", "hidden", right);
    let mut server = tokio_postgres::Config::from_str(url)
        .map_err(|_| wrong("a URL such as postgres://user:password@host:5432/database"))?;
    server.connect_timeout(config.deadline);
    let is_local = server.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    let is_tls = match server.get_ssl_mode() {
        SslMode::Disable => false,
        SslMode::Prefer => !is_local || config.ca_file.is_some(),
        _ => true,
    };
    // A connection that is closed is not used again; one that hangs is found by the deadline.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    if !is_tls {
        if config.ca_file.is_some() {
            return Err(wrong("without sslmode=disable where there is a `ca_file`"));
        }
        server.ssl_mode(SslMode::Disable);
        return Ok(Manager::from_config(server, NoTls, recycling));
    }
    server.ssl_mode(SslMode::Require);
    Ok(Manager::from_config(server, tls(config.ca_file.as_deref())?, recycling))
}

fn tls(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, ConfigError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let wrong = |cause: &dyn fmt::Display| {
                ConfigError::new("ca_file", path.display(), format!("a PEM file of certificates: {cause}"))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
            if roots.is_empty() {
                return Err(wrong(&"there is none in it"));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                let right = "set: this system has no certificate authorities of its own";
                return Err(ConfigError::new("ca_file", "absent", right));
            }
        }
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::new("ca_file", "set", format!("of use with TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(client))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_nothing_of_the_url() {
        for url in
            ["postgres//user:hunter2@host", "mysql://user:hunter2@host", "postgres://user:hunter2@host:x"]
        {
            let error = Connections::new(url, &Config::default()).unwrap_err();
            assert_eq!(error.path(), "url");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let connections = Connections::new("postgres://user:hunter2@127.0.0.1", &Config::default()).unwrap();
        assert!(!format!("{connections:?}").contains("hunter2"));
    }
}
