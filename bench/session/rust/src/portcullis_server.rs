//! Ours, with its defaults: signed cookie, idle and absolute lifetime, merging writes.

use std::sync::Arc;

use axum::{Router, routing::get};
use portcullis::{
    secret::Secrets,
    session::{
        Config, Session, SessionError, SessionLayer,
        store::{MemoryConfig, MemoryStore, RedisConfig, RedisStore, SqliteConfig, SqliteStore, Store},
    },
    store::redis::{Config as Connection, Redis},
};

use crate::SECRET;

pub fn application(store: &str, place: &str) -> Router {
    let store: Arc<dyn Store> = match store {
        "memory" => Arc::new(MemoryStore::new(MemoryConfig::default()).expect("a store")),
        "sqlite" => Arc::new(SqliteStore::open(SqliteConfig::at(place)).expect("a database")),
        "redis" => {
            let redis = Redis::new(&Connection::at(place)).expect("a connection");
            Arc::new(RedisStore::new(redis, RedisConfig::default()).expect("a store"))
        }
        other => panic!("no such store: {other}"),
    };
    let mut config = Config::default();
    config.dangerous_allow_insecure = true; // there is no TLS in this bench
    let secrets = Secrets::new([SECRET]).expect("a secret");
    let sessions = SessionLayer::new(config, &secrets, store).expect("a layer");
    Router::new().route("/change", get(change)).route("/read", get(read)).layer(sessions)
}

async fn change(session: Session) -> Result<String, SessionError> {
    let count = session.get::<u64>("count").await?.unwrap_or_default() + 1;
    session.set("count", count).await?;
    Ok(count.to_string())
}

async fn read(session: Session) -> Result<String, SessionError> {
    Ok(session.get::<u64>("count").await?.unwrap_or_default().to_string())
}
