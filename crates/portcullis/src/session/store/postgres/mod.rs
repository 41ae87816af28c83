//! Sessions in PostgreSQL, as connect-pg-simple 10 keeps them.

mod connections;
mod table;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, OnceLock, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{sync::OnceCell, task::AbortHandle};

use self::{connections::Connections, table::Table};
use super::{Expected, Expiry, Owner, Store, StoreError, StoreFuture, Write, Written};
use crate::{ConfigError, duration};

/// Which table, and how it is kept. The options of connect-pg-simple have their names and defaults here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The schema of the table. Default: the first of the connection's search path.
    pub schema_name: Option<String>,
    /// The table. Default `session`.
    pub table_name: String,
    /// Whether the table is made where there is none. Default: no; it is for whoever owns the schema.
    pub create_table_if_missing: bool,
    /// How long a session lasts that names no end of its own, at least 1 s. Default one day.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifetime: Duration,
    /// How often expired rows are deleted, at least 1 s; each time between a half more and a half less, so that many programs
    /// do not come at once. Zero: never, because another program does. Default 15 minutes.
    #[serde(deserialize_with = "duration::deserialize")]
    pub prune_interval: Duration,
    /// The time zone of the connections, such as `UTC`. Default: what the server has set for the user or the database, as
    /// with connect-pg-simple. The column `expire` has no time zone, so every program that uses the table must have the
    /// same: name one here only where Node's connections have it, too, or where there is no Node. In a zone with summer
    /// time, sessions end an hour early or late when it changes.
    pub time_zone: Option<String>,
    /// PEM, the authorities that the server's certificate may come from, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The most connections, from 1 to 1000. Default 10, as node-postgres has it.
    pub max_connections: usize,
    /// How long a call may take, the wait for a connection and its making included; from 1 ms to 60 s. Default 1 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub deadline: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            schema_name: None,
            table_name: "session".to_owned(),
            create_table_if_missing: false,
            lifetime: Duration::from_secs(24 * 60 * 60),
            prune_interval: Duration::from_secs(15 * 60),
            time_zone: None,
            ca_file: None,
            max_connections: 10,
            deadline: Duration::from_secs(1),
        }
    }
}

/// Sessions in a table of PostgreSQL, as connect-pg-simple 10 keeps them.
///
/// An application on Node with connect-pg-simple and one with this store read each other's sessions, as long as their
/// connections have the same time zone ([`Config::time_zone`]).
///
/// A call makes one round trip once a connection is there, two where a write finds something else than it expects. It ends
/// within [`Config::deadline`]; a connection that did not answer in time is closed. A write that was not answered in time may
/// have been done all the same.
///
/// Other hosts than this machine are spoken to over TLS, and their certificates are verified, unless the URL says
/// `sslmode=disable`.
///
/// The owner of a session is looked for in its JSON, so sessions that Node has written are found as well. Without an index
/// every row is read. For an owner in the key `user`, add these two:
///
/// ```sql
/// CREATE INDEX session_user ON session
///     ((CASE WHEN position('\u' in sess::text) > 0 THEN NULL ELSE sess ->> 'user' END));
/// CREATE INDEX session_escaped ON session (sid) WHERE position('\u' in sess::text) > 0;
/// ```
///
/// They are not on `sess ->> 'user'` alone because PostgreSQL stores JSON whose escapes it cannot read, such as `\u0000`,
/// and fails to look into it: one visitor's session would make the search fail for all. Those rows are looked into here.
///
/// ```no_run
/// use portcullis::session::store::{PostgresConfig, PostgresStore};
///
/// # fn example() -> Result<(), portcullis::ConfigError> {
/// let url = "postgres://app:password@db.example.com/app";
/// let store = PostgresStore::new(url, PostgresConfig::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresStore {
    rows: Arc<Rows>,
    pruner: OnceLock<AbortHandle>,
}

impl PostgresStore {
    /// Checks the URL and the configuration. Connects to nothing yet.
    pub fn new(url: &str, config: Config) -> Result<Self, ConfigError> {
        const SECOND: Duration = Duration::from_secs(1);
        if config.lifetime < SECOND {
            return Err(ConfigError::new("lifetime", format!("{:?}", config.lifetime), "at least \"1s\""));
        }
        if !config.prune_interval.is_zero() && config.prune_interval < SECOND {
            let shown = format!("{:?}", config.prune_interval);
            return Err(ConfigError::new("prune_interval", shown, "\"0s\", or at least \"1s\""));
        }
        let table = Table::new(&config)?;
        let connections = Connections::new(url, &config)?;
        let rows = Rows { connections, table, table_is_there: OnceCell::new(), config };
        Ok(Self { rows: Arc::new(rows), pruner: OnceLock::new() })
    }

    /// The rows, with somebody on the way who deletes what has expired.
    fn rows(&self) -> &Rows {
        let interval = self.rows.config.prune_interval;
        if !interval.is_zero() {
            self.pruner.get_or_init(|| {
                tokio::spawn(prune_now_and_then(Arc::downgrade(&self.rows), interval)).abort_handle()
            });
        }
        &self.rows
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(pruner) = self.pruner.get() {
            pruner.abort();
        }
    }
}

impl Store for PostgresStore {
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.rows().read(id, now))
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        Box::pin(self.rows().write(write))
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        let rows = self.rows();
        Box::pin(async move {
            rows.ask(&rows.table.touch, &[&rows.end(expiry), &id]).await?;
            Ok(())
        })
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        let rows = self.rows();
        Box::pin(async move {
            rows.ask(&rows.table.destroy, &[&id]).await?;
            Ok(())
        })
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        Box::pin(self.rows().destroy_owned(owner))
    }
}

#[derive(Debug)]
struct Rows {
    connections: Connections,
    table: Table,
    table_is_there: OnceCell<()>,
    config: Config,
}

impl Rows {
    async fn read(&self, id: &str, now: SystemTime) -> Result<Option<String>, StoreError> {
        let rows = self.ask(&self.table.read, &[&id, &seconds(now)]).await?;
        rows.first().map(|row| row.try_get(0).map_err(|error| connections::store_error(&error))).transpose()
    }

    async fn write(&self, write: Write<'_>) -> Result<Written, StoreError> {
        let Write { id, record, expected, expiry, .. } = write;
        let (now, end) = (seconds(expiry.now), self.end(expiry));
        let written = match expected {
            Expected::Anything => self.ask(&self.table.put, &[&record, &end, &id]).await?,
            Expected::Absent => self.ask(&self.table.add, &[&record, &end, &id, &now]).await?,
            Expected::Exactly(there) => {
                self.ask(&self.table.replace, &[&record, &end, &id, &now, &there]).await?
            }
        };
        if written.is_empty() {
            return Ok(Written::Conflict(self.read(id, expiry.now).await?));
        }
        Ok(Written::Done)
    }

    async fn destroy_owned(&self, owner: Owner<'_>) -> Result<u64, StoreError> {
        let destroyed = self.ask(&self.table.destroy_owned(owner.key), &[&owner.value]).await?;
        let mut count = destroyed.len() as u64;
        let mut after = String::new();
        loop {
            let escaped = self.ask(&self.table.escaped, &[&after]).await?;
            for row in &escaped {
                let fields = row.try_get(0).and_then(|id| Ok((id, row.try_get(1)?)));
                let (id, record): (String, &str) =
                    fields.map_err(|error| connections::store_error(&error))?;
                if is_owned(record, owner) {
                    count += self.ask(&self.table.destroy, &[&id]).await?.len() as u64;
                }
                after = id;
            }
            if escaped.is_empty() {
                return Ok(count);
            }
        }
    }

    /// Deletes what has expired, some at a time, so that others' writes come in between.
    async fn prune(&self) -> Result<(), StoreError> {
        let now = seconds(SystemTime::now());
        while !self.ask(&self.table.prune, &[&now]).await?.is_empty() {}
        Ok(())
    }

    async fn ask(
        &self,
        statement: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        if self.config.create_table_if_missing {
            self.table_is_there.get_or_try_init(|| self.create_table()).await?;
        }
        self.connections.ask(statement, values).await
    }

    async fn create_table(&self) -> Result<(), StoreError> {
        if self.has_table().await? {
            return Ok(());
        }
        match self.connections.carry_out(&self.table.create).await {
            // Another program that starts at the same time may have come first.
            Err(error) if !self.has_table().await? => Err(error),
            _ => Ok(()),
        }
    }

    async fn has_table(&self) -> Result<bool, StoreError> {
        let found =
            self.connections.ask("SELECT to_regclass($1::text) IS NOT NULL", &[&self.table.name]).await?;
        Ok(found.first().is_some_and(|row| row.try_get(0).unwrap_or_default()))
    }

    fn end(&self, expiry: Expiry) -> f64 {
        seconds(expiry.end(self.config.lifetime))
    }
}

async fn prune_now_and_then(rows: Weak<Rows>, interval: Duration) {
    loop {
        let mut random = [0; 4];
        // Without randomness the interval is as it says.
        let share = getrandom::fill(&mut random)
            .map_or(0.5, |()| f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX));
        tokio::time::sleep(interval.mul_f64(0.5 + share)).await;
        let Some(rows) = rows.upgrade() else { return };
        if let Err(error) = rows.prune().await {
            tracing::warn!(target: "portcullis::session", %error, "expired sessions were not deleted");
        }
    }
}

/// Whether a record is somebody's. One that cannot be read is: nobody stays logged in by writing what no program reads.
fn is_owned(record: &str, owner: Owner<'_>) -> bool {
    let Ok(fields) = serde_json::from_str::<HashMap<String, &RawValue>>(record) else { return true };
    fields.get(owner.key).is_some_and(|value| match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text == owner.value,
        Err(_) => value.get() == owner.value,
    })
}

/// Seconds since 1970, rounded up, as connect-pg-simple counts them; at most the end of the year 9999.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64().ceil().min(253_402_300_799.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_from_escaped_json() {
        let alice = Owner { key: "user", value: "alice" };
        let seven = Owner { key: "user", value: "7" };
        assert!(is_owned(r#"{"user":"\u0061lice","x":"\u0000"}"#, alice));
        assert!(is_owned(r#"{"x":"\ud800","user":"alice"}"#, alice));
        assert!(is_owned(r#"{"x":"\u0000","user":7}"#, seven));
        assert!(!is_owned(r#"{"x":"\u0000","user":"bob"}"#, alice));
        assert!(!is_owned(r#"{"x":"\u0000 alice"}"#, alice));
        assert!(!is_owned(r#"{"x":{"user":"alice"},"y":"\u0000"}"#, alice));
    }
}
