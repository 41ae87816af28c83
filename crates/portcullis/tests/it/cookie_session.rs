//! Sessions in the cookie, from outside: what a browser holds and what a handler sees.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::Engine;
use http::{Request, Response, header};
use portcullis::{
    Connection,
    secret::Secrets,
    session::cookie_session::{Config, CookieSession, CookieSessionError, CookieSessionLayer},
};
use tower::{Layer, ServiceExt, service_fn};

const NEW: &str = "b1rXqkzYc0m7Ww4vR2nTj8sLf6hGd3aE";
const OLD: &str = "Zk8vT1qYw5rXc2mB7nJd4hLs9gFa0eUi";
const MINUTE: Duration = Duration::from_secs(60);

struct World {
    layer: CookieSessionLayer,
    clock: Arc<Mutex<SystemTime>>,
}

impl World {
    fn new(config: Config, secrets: &[&str]) -> Self {
        let clock = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + 20_000 * 24 * 60 * MINUTE));
        let time = Arc::clone(&clock);
        let secrets = Secrets::new(secrets.iter().copied()).unwrap();
        let layer =
            CookieSessionLayer::new(config, &secrets).unwrap().with_clock(move || *time.lock().unwrap());
        Self { layer, clock }
    }

    fn let_pass(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    /// One request. Gives what the handler said, and the `Set-Cookie`.
    async fn visit(
        &self,
        tls: bool,
        cookie: &str,
        handler: impl Fn(&CookieSession) -> Result<String, CookieSessionError> + Clone + Send + 'static,
    ) -> (String, Option<String>) {
        let any = "127.0.0.1:1".parse().unwrap();
        let request = Request::builder()
            .extension(Connection { peer: any, local: any, tls })
            .header(header::COOKIE, cookie)
            .body(())
            .unwrap();
        let application = service_fn(move |request: Request<()>| {
            let session: CookieSession = request.extensions().get().cloned().unwrap();
            let body = handler(&session).unwrap_or_else(|error| error.to_string());
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let response = self.layer.layer(application).oneshot(request).await.unwrap();
        let cookie =
            response.headers().get(header::SET_COOKIE).map(|field| field.to_str().unwrap().to_owned());
        (response.into_body(), cookie)
    }

    async fn log_in(&self) -> String {
        let (_, cookie) =
            self.visit(true, "", |session| session.set("user", "alice").map(|()| String::new())).await;
        pair(&cookie.unwrap())
    }

    async fn who(&self, cookie: &str) -> String {
        self.visit(true, cookie, who).await.0
    }
}

fn who(session: &CookieSession) -> Result<String, CookieSessionError> {
    Ok(session.get::<String>("user")?.unwrap_or_default())
}

fn pair(field: &str) -> String {
    field.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_default_cookie_is_safe_and_says_nothing_to_the_client() {
    let world = World::new(Config::default(), &[NEW]);
    let (_, cookie) =
        world.visit(true, "", |session| session.set("user", "alice").map(|()| String::new())).await;
    let cookie = cookie.unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert!(value.starts_with("__Host-session="), "{cookie}");
    assert_eq!(attributes, "path=/; expires=Fri, 04 Oct 2024 01:00:00 GMT; samesite=lax; secure; httponly");

    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(value.split_once('=').unwrap().1).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"alice"));
    assert_eq!(world.who(value).await, "alice");
}

#[tokio::test]
async fn nothing_is_sent_to_a_visitor_of_whom_nothing_was_put_in() {
    let world = World::new(Config::default(), &[NEW]);
    assert_eq!(world.visit(true, "", who).await.1, None);
    let cookie = world.log_in().await;
    assert_eq!(world.visit(true, &cookie, who).await.1, None);
    let same =
        world.visit(true, &cookie, |session| session.set("user", "alice").map(|()| String::new())).await;
    assert_eq!(same.1, None);
}

#[tokio::test]
async fn a_changed_value_is_no_session() {
    let world = World::new(Config::default(), &[NEW]);
    let cookie = world.log_in().await;
    for position in "__Host-session=".len()..cookie.len() {
        let mut changed = cookie.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        assert_eq!(world.who(std::str::from_utf8(&changed).unwrap()).await, "");
    }
    assert_eq!(world.who(&cookie.replace("__Host-session", "session")).await, "");
    assert_eq!(World::new(Config::default(), &[OLD]).who(&cookie).await, "");
}

#[tokio::test]
async fn idle_and_absolute_lifetime_end_a_cookie_that_the_client_keeps() {
    let world = World::new(Config::default(), &[NEW]);
    let first = world.log_in().await;
    let mut cookie = first.clone();
    for _ in 0..23 {
        world.let_pass(30 * MINUTE);
        let (user, renewed) = world.visit(true, &cookie, who).await;
        assert_eq!(user, "alice");
        cookie = pair(&renewed.unwrap());
    }
    assert_eq!(world.who(&first).await, "", "the first cookie's hour is over");
    world.let_pass(30 * MINUTE);
    assert_eq!(world.who(&cookie).await, "", "twelve hours are over");
}

#[tokio::test]
async fn an_old_secret_still_opens_and_is_replaced_at_once() {
    let cookie = World::new(Config::default(), &[OLD]).log_in().await;
    let world = World::new(Config::default(), &[NEW, OLD]);
    let (user, renewed) = world.visit(true, &cookie, who).await;
    assert_eq!(user, "alice");
    assert_eq!(World::new(Config::default(), &[NEW]).who(&pair(&renewed.unwrap())).await, "alice");
}

#[tokio::test]
async fn lifetimes_hold_for_what_an_old_secret_sealed() {
    let (mut config, year) = (Config::default(), 365 * 24 * 60 * MINUTE);
    for (absolute_lifetime, idle) in [(Some(12 * 60 * MINUTE), 61 * MINUTE), (None, year)] {
        config.absolute_lifetime = absolute_lifetime;
        let cookie = World::new(config.clone(), &[OLD]).log_in().await;
        let world = World::new(config.clone(), &[NEW, OLD]);
        assert_eq!(world.who(&cookie).await, "alice");
        world.let_pass(idle);
        assert_eq!(world.who(&cookie).await, "");
    }
}

#[tokio::test]
async fn a_lifetime_of_its_own_is_kept_whatever_the_client_keeps() {
    let world = World::new(Config::default(), &[NEW]);
    for minutes in [5, 180] {
        let (_, cookie) = world
            .visit(true, "", move |session| {
                session.set("user", "alice")?;
                session.set_max_age(Some(minutes * MINUTE)).map(|()| String::new())
            })
            .await;
        let cookie = pair(&cookie.unwrap());
        world.let_pass((minutes - 1) * MINUTE);
        let (user, renewed) = world.visit(true, &cookie, who).await;
        assert_eq!(user, "alice");
        world.let_pass((minutes - 1) * MINUTE);
        assert_eq!(world.who(&cookie).await, "", "its own end has come");
        assert_eq!(world.who(&pair(&renewed.unwrap())).await, "alice", "use has moved the end as far again");
    }
}

#[tokio::test]
async fn a_lifetime_for_which_there_is_no_room_is_refused() {
    let world = World::new(Config::cookie_session(), &[NEW]);
    let (said, cookie) = world
        .visit(true, "", |session| {
            let fits = |length: &usize| session.set("text", "x".repeat(*length)).is_ok();
            (2000..4100).rev().find(fits).unwrap();
            session.set_max_age(Some(60 * MINUTE)).map(|()| "fits".to_owned())
        })
        .await;
    assert!(said.contains("browsers keep 4093"), "{said}");
    let cookie = cookie.unwrap();
    assert!(cookie.len() <= 4093 && !cookie.contains("expires"), "{}", cookie.len());
}

#[tokio::test]
async fn what_no_browser_would_keep_is_refused_where_it_is_put_in() {
    for config in [Config::default(), Config::cookie_session()] {
        let world = World::new(config, &[NEW]);
        let (said, cookie) = world
            .visit(true, "", |session| {
                session.set("small", "x")?;
                let mut refused = 0;
                for length in (2000..4100).step_by(10) {
                    if let Err(CookieSessionError::TooLarge { bytes, max_bytes }) =
                        session.set("text", "x".repeat(length))
                    {
                        assert!(bytes > max_bytes && max_bytes == 4093);
                        refused += 1;
                    }
                }
                assert!(session.get::<String>("text")?.is_some_and(|text| text.len() > 2000));
                Ok(refused.to_string())
            })
            .await;
        assert_ne!(said, "0");
        let length = cookie.unwrap().len();
        assert!((4060..=4093).contains(&length), "{length}");
    }
}

#[tokio::test]
async fn a_logout_takes_the_cookie_away() {
    let world = World::new(Config::default(), &[NEW]);
    let cookie = world.log_in().await;
    let (_, cleared) = world
        .visit(true, &cookie, |session| {
            session.destroy();
            who(session)
        })
        .await;
    assert!(cleared.unwrap().starts_with("__Host-session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"));
}

#[tokio::test]
async fn a_secure_cookie_is_withheld_without_tls() {
    let put = |session: &CookieSession| session.set("user", "alice").map(|()| String::new());
    assert_eq!(World::new(Config::default(), &[NEW]).visit(false, "", put).await.1, None);
    let mut config = Config::default();
    config.dangerous_allow_insecure = true;
    let (_, cookie) = World::new(config, &[NEW]).visit(false, "", put).await;
    let cookie = cookie.unwrap();
    assert!(cookie.starts_with("session=") && !cookie.contains("secure"), "{cookie}");
}

#[test]
fn what_can_never_work_does_not_build() {
    let build = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        let built = CookieSessionLayer::new(config, &Secrets::new([NEW]).unwrap());
        built.err().map(|error| error.path().to_owned()).unwrap_or_default()
    };
    for (change, path) in [
        ((|config| config.name = "a;b".into()) as fn(&mut Config), "name"),
        (|config| config.path = "/admin".into(), "name"),
        (|config| config.path = "x".into(), "path"),
        (|config| config.domain = Some("a b".into()), "domain"),
        (|config| config.max_age = Some(Duration::ZERO), "max_age"),
        (|config| config.touch_after = Duration::from_secs(3600), "touch_after"),
        (|config| config.max_bytes = 0, "max_bytes"),
        (|_| (), ""),
    ] {
        assert_eq!(build(change), path);
    }
}
