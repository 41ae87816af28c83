//! tower-sessions, with a signed cookie and an hour of inactivity.

use axum::{Router, routing::get};
use time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, cookie::Key};
use tower_sessions_rusqlite_store::{RusqliteStore, tokio_rusqlite::Connection};

use crate::SECRET;

pub async fn application(store: &str, place: &str) -> Router {
    let router = Router::new().route("/change", get(change)).route("/read", get(read));
    let key = Key::from(SECRET.as_bytes());
    let hour = Expiry::OnInactivity(Duration::hours(1));
    match store {
        "memory" => {
            let layer = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
            router.layer(layer.with_expiry(hour).with_signed(key))
        }
        "sqlite" => {
            let connection = Connection::open(place).await.expect("a database");
            connection
                .call(|connection| connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"))
                .await
                .expect("WAL");
            let store = RusqliteStore::new(connection);
            store.migrate().await.expect("a table");
            router.layer(SessionManagerLayer::new(store).with_secure(false).with_expiry(hour).with_signed(key))
        }
        "redis" => redis(place).await,
        other => panic!("no such store: {other}"),
    }
}

async fn change(session: Session) -> String {
    let count = session.get::<u64>("count").await.expect("a count").unwrap_or_default() + 1;
    session.insert("count", count).await.expect("to count");
    count.to_string()
}

async fn read(session: Session) -> String {
    session.get::<u64>("count").await.expect("a count").unwrap_or_default().to_string()
}

/// The same on the version of tower-sessions that its Redis store is for.
async fn redis(url: &str) -> Router {
    use tower_sessions_14::{Expiry, Session, SessionManagerLayer, cookie::Key};
    use tower_sessions_redis_store::{
        RedisStore,
        fred::prelude::{ClientLike, Config, Pool},
    };

    async fn change(session: Session) -> String {
        let count = session.get::<u64>("count").await.expect("a count").unwrap_or_default() + 1;
        session.insert("count", count).await.expect("to count");
        count.to_string()
    }

    async fn read(session: Session) -> String {
        session.get::<u64>("count").await.expect("a count").unwrap_or_default().to_string()
    }

    let pool = Pool::new(Config::from_url(url).expect("a URL"), None, None, None, 1).expect("a pool");
    pool.connect();
    pool.wait_for_connect().await.expect("Redis");
    let layer = SessionManagerLayer::new(RedisStore::new(pool))
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(1)))
        .with_signed(Key::from(SECRET.as_bytes()));
    Router::new().route("/change", get(change)).route("/read", get(read)).layer(layer)
}
