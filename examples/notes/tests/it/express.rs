//! What the README says about sessions of an Express app.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
    routing::get,
};
use portcullis::{
    BoxError, Connection,
    checklist::{self, Switch},
    cookie::SignatureKeys,
    secret::Secrets,
    session::{
        self, Session, SessionError, SessionLayer,
        store::{Expected, Expiry, MemoryStore, Store, Write},
    },
};
use tower::ServiceExt;

/// The guards as the README has them, for whoever shares sessions with an Express app.
fn shared(app: Router, secrets: &Secrets, store: Arc<dyn Store>) -> Result<Router, BoxError> {
    let mut sessions = session::Config::default();
    sessions.name = "connect.sid".into(); // Express's, unless it says otherwise
    sessions.owner_key = Some("userId".into()); // where the Express app keeps whose session it is

    let mut guards = checklist::Config::default();
    if let Switch::On(cookie) = &mut guards.cookie {
        cookie.rename_default_names = false; // or the Express app would not find its cookie again
    }
    let guards = guards.build().map_err(|errors| format!("{errors:?}"))?;
    Ok(app.layer(SessionLayer::new(sessions, secrets, store)?).layer(guards))
}

#[tokio::test]
async fn a_session_that_express_began_goes_on() {
    let secrets = Secrets::new(["q2Jt8VmcZ0y5TnK4r9sXwLdF7aHbE1uP"]).unwrap();
    let store = Arc::new(MemoryStore::for_tests());
    // As express-session 1.19 writes it.
    let record = r#"{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"userId":7}"#;
    let expiry = Expiry { now: SystemTime::now(), at: None };
    let write = Write { id: "sZ2kqT0fXo1n", record, expected: Expected::Absent, owner: None, expiry };
    store.write(write).await.unwrap();
    let signed = SignatureKeys::new(&secrets).sign("sZ2kqT0fXo1n");
    let cookie =
        format!("connect.sid={}", signed.replace(':', "%3A").replace('+', "%2B").replace('/', "%2F"));

    let app = Router::new().route("/", get(visit)).route("/login", get(login));
    let app = shared(app, &secrets, Arc::clone(&store) as Arc<dyn Store>).unwrap();
    let ask = |path: &str| {
        let over_tls = Connection { tls: true, ..Connection::UNKNOWN };
        let request = Request::get(path).header(header::COOKIE, &cookie).extension(over_tls);
        app.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let seen = ask("/").await.unwrap();
    assert_eq!(to_bytes(seen.into_body(), 100).await.unwrap(), "Some(7)");
    let kept = store.load("sZ2kqT0fXo1n", expiry.now).await.unwrap().unwrap();
    assert!(kept.contains(r#""userId":7,"seen":true"#), "{kept}");

    let login = ask("/login").await.unwrap();
    let cookie = login.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("connect.sid=s%3A"), "the Express app finds it: {cookie}");
    assert_eq!(store.load("sZ2kqT0fXo1n", expiry.now).await.unwrap(), None, "the old id is gone");
}

async fn visit(session: Session) -> Result<String, SessionError> {
    session.set("seen", true).await?;
    Ok(format!("{:?}", session.get::<i64>("userId").await?))
}

async fn login(session: Session) -> Result<(), SessionError> {
    session.renew().await?;
    session.set("userId", 8).await
}
