//! One user, two applications: a real Express app and one on this crate, with one secret and one store. Whoever logs the user
//! in, the other knows; what one changes, the other sees; when one logs out, both have.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use portcullis::{
    secret::Secrets,
    session::{
        Config, Secure, Session, SessionError, SessionLayer,
        store::{PostgresConfig, PostgresStore, RedisConfig, RedisStore, Store},
    },
    store::redis,
};
use proof::{
    client::{Answer, get_with},
    express::Express,
    postgres::Postgres,
    redis::Redis,
};
use serde_json::{Map, Value};

const SECRET: &str = "one secret of thirty-two bytes, or more";

#[tokio::test]
async fn express_and_axum_share_their_users_through_redis() {
    let server = Redis::start();
    let mut connection = redis::Config::at(server.url());
    connection.deadline = Duration::from_secs(5); // how fast it is, is proven elsewhere
    let connection = redis::Redis::new(&connection).unwrap();
    let store = Arc::new(RedisStore::new(connection, RedisConfig::default()).unwrap());
    share_users(&Express::with_sessions("redis", &server.url(), SECRET), store).await;
}

#[tokio::test]
async fn express_and_axum_share_their_users_through_cookies() {
    let express = Express::with_sessions("cookie", "", SECRET);
    let axum = serve_cookie_sessions().await;
    for (one, other) in [(express.port, axum.port()), (axum.port(), express.port)] {
        let mut jar = Jar::default();
        assert_eq!(jar.visit(one, "/login").await.text(), "in");
        assert_eq!(jar.visit(other, "/whoami").await.json()["user"], "alice");
        jar.visit(axum.port(), "/visit").await;
        for port in [one, other] {
            let session = jar.visit(port, "/whoami").await.json();
            assert_eq!((&session["user"], &session["visits"]), (&"alice".into(), &2.into()), "{session}");
        }
        assert_eq!(jar.visit(other, "/logout").await.text(), "out");
        for port in [one, other] {
            assert!(jar.visit(port, "/whoami").await.json().get("user").is_none());
        }
    }
}

/// A browser's cookies.
#[derive(Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    async fn visit(&mut self, port: u16, path: &str) -> Answer {
        let cookies: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = get_with(port, path, &[("cookie", &cookies.join("; "))]).await;
        for field in answer.set_cookies() {
            let (name, value) = field.split(';').next().unwrap().split_once('=').unwrap();
            if field.contains("expires=Thu, 01 Jan 1970") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

async fn serve_cookie_sessions() -> SocketAddr {
    use portcullis::session::cookie_session::{
        Config, CookieSession, CookieSessionError, CookieSessionLayer,
    };

    async fn login(session: CookieSession) -> Result<&'static str, CookieSessionError> {
        session.set("user", "alice")?;
        session.set("visits", 1)?;
        Ok("in")
    }

    async fn visit(session: CookieSession) -> Result<(), CookieSessionError> {
        session.set("visits", session.get::<u32>("visits")?.unwrap_or_default() + 1)
    }

    async fn whoami(session: CookieSession) -> Result<Json<Value>, CookieSessionError> {
        let mut members = Map::new();
        for key in session.keys() {
            if let Some(value) = session.get(&key)? {
                members.insert(key, value);
            }
        }
        Ok(Json(Value::Object(members)))
    }

    async fn logout(session: CookieSession) -> &'static str {
        session.destroy();
        "out"
    }

    let layer = CookieSessionLayer::new(Config::cookie_session(), &Secrets::new([SECRET]).unwrap()).unwrap();
    let app = Router::new()
        .route("/login", get(login))
        .route("/visit", get(visit))
        .route("/whoami", get(whoami))
        .route("/logout", get(logout))
        .layer(layer);
    listen(app).await
}

#[tokio::test]
async fn express_and_axum_share_their_users_through_postgres() {
    // Connections that say nothing of their time zone have the server's, on both sides.
    let server = Postgres::start(&["timezone=Asia/Kolkata"]);
    let store = Arc::new(PostgresStore::new(&server.url(), PostgresConfig::default()).unwrap());
    share_users(&Express::with_sessions("postgres", &server.url(), SECRET), store).await;
}

async fn share_users(express: &Express, store: Arc<dyn Store>) {
    let axum = serve(store).await;
    for (one, other) in [(express.port, axum.port()), (axum.port(), express.port)] {
        let login = get_with(one, "/login", &[]).await;
        assert_eq!(login.text(), "in");
        let cookie = login.set_cookies()[0].split(';').next().unwrap().to_owned();
        let who = async |port| get_with(port, "/whoami", &[("cookie", &cookie)]).await.json();

        assert_eq!(who(other).await["user"], "alice");
        // The Rust side counts in the session that is there; the Express side has its cookie and its data as it left them.
        get_with(axum.port(), "/visit", &[("cookie", &cookie)]).await;
        for port in [one, other] {
            let session = who(port).await;
            assert_eq!(session["visits"], 2, "{session}");
            assert_eq!(session["user"], "alice");
        }
        assert_eq!(get_with(other, "/logout", &[("cookie", &cookie)]).await.text(), "out");
        for port in [one, other] {
            assert!(who(port).await.get("user").is_none());
        }
    }
}

/// The axum app, with Express's name for the cookie and, as there is no TLS here, without `Secure`.
async fn serve(store: Arc<dyn Store>) -> SocketAddr {
    let mut config = Config::default();
    config.name = "connect.sid".into();
    config.cookie.secure = Secure::Never;
    let sessions = SessionLayer::new(config, &Secrets::new([SECRET]).unwrap(), store).unwrap();
    let app = Router::new()
        .route("/login", get(login))
        .route("/visit", get(visit))
        .route("/whoami", get(whoami))
        .route("/logout", get(logout))
        .layer(sessions);
    listen(app).await
}

async fn listen(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn login(session: Session) -> Result<&'static str, SessionError> {
    session.renew().await?;
    session.set("user", "alice").await?;
    session.set("visits", 1).await?;
    Ok("in")
}

async fn visit(session: Session) -> Result<(), SessionError> {
    session.update("visits", |visits: Option<u32>| visits.unwrap_or_default() + 1).await
}

async fn whoami(session: Session) -> Result<Json<Value>, SessionError> {
    let mut members = Map::new();
    for key in session.keys().await? {
        if let Some(value) = session.get(&key).await? {
            members.insert(key, value);
        }
    }
    Ok(Json(Value::Object(members)))
}

async fn logout(session: Session) -> Result<&'static str, SessionError> {
    session.destroy().await?;
    Ok("out")
}
