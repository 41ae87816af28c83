//! Sessions from outside: what a browser and a handler see, in the improved behaviour that is the default.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use portcullis::{
    Connection,
    cookie::SignatureKeys,
    secret::Secrets,
    session::{
        Config, Secure, Session, SessionError, SessionLayer,
        store::{Expected, Expiry, MemoryStore, Owner, Store, StoreError, StoreFuture, Write, Written},
    },
};
use tower::{Layer, Service, ServiceExt, service_fn};

const SECRET: &str = "b1rXqkzYc0m7Ww4vR2nTj8sLf6hGd3aE";
fn secrets() -> Secrets {
    Secrets::new([SECRET]).unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

/// Sessions on a memory store, a clock that stands still, and a browser's jar.
struct World {
    store: Arc<Watched>,
    clock: Arc<Mutex<SystemTime>>,
    layer: SessionLayer,
}

impl World {
    fn new(config: Config) -> Self {
        let clock = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + 20_000 * 24 * 60 * MINUTE));
        let store = Arc::new(Watched::default());
        let time = Arc::clone(&clock);
        let layer = SessionLayer::new(config, &secrets(), Arc::clone(&store) as _)
            .unwrap()
            .with_clock(move || *time.lock().unwrap());
        Self { store, clock, layer }
    }

    fn let_pass(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    /// One request with the jar's cookie over TLS. What comes back goes into the jar.
    async fn visit<F>(
        &self,
        jar: &mut Jar,
        handler: impl FnOnce(Session) -> F + Clone + Send + 'static,
    ) -> Response<Full<Bytes>>
    where
        F: Future<Output = Result<String, SessionError>> + Send,
    {
        let response = self.send(request(true, jar.0.as_deref()), handler).await;
        if let Some(field) = response.headers().get(header::SET_COOKIE) {
            let field = field.to_str().unwrap();
            let pair = field.split(';').next().unwrap();
            jar.0 = if field.contains("Expires=Thu, 01 Jan 1970") { None } else { Some(pair.to_owned()) };
        }
        response
    }

    async fn send<F>(
        &self,
        request: Request<()>,
        handler: impl FnOnce(Session) -> F + Clone + Send + 'static,
    ) -> Response<Full<Bytes>>
    where
        F: Future<Output = Result<String, SessionError>> + Send,
    {
        let application = service_fn(move |request: Request<()>| {
            let session = request.extensions().get::<Session>().cloned().expect("a session");
            let handler = handler.clone();
            async move {
                let (status, body) = match handler(session).await {
                    Ok(body) => (StatusCode::OK, body),
                    Err(error) => (error.status(), String::new()),
                };
                let mut response = Response::new(Full::<Bytes>::from(body));
                *response.status_mut() = status;
                Ok::<_, Infallible>(response)
            }
        });
        self.layer.layer(application).oneshot(request).await.unwrap()
    }

    fn stored(&self) -> Vec<(String, String)> {
        self.store.memory.snapshot(*self.clock.lock().unwrap())
    }
}

#[derive(Clone, Default)]
struct Jar(Option<String>);

fn request(tls: bool, cookie: Option<&str>) -> Request<()> {
    let any = "127.0.0.1:1".parse().unwrap();
    let mut request = Request::builder().extension(Connection { peer: any, local: any, tls });
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(()).unwrap()
}

/// A memory store that counts, and can go away.
struct Watched {
    memory: MemoryStore,
    calls: AtomicUsize,
    away: AtomicBool,
}

impl Default for Watched {
    fn default() -> Self {
        Self { memory: MemoryStore::for_tests(), calls: AtomicUsize::new(0), away: AtomicBool::new(false) }
    }
}

impl Watched {
    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    fn asked<'a, T: Send + 'a>(&self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Box::pin(ready(Err(StoreError::Away("it was unplugged".into()))));
        }
        Box::pin(async {
            tokio::task::yield_now().await; // as a store does that is elsewhere
            answer.await
        })
    }
}

impl Store for Watched {
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>> {
        let answer = Box::pin(async move { self.memory.load(id, now).await });
        self.asked(answer)
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        let answer = Box::pin(async move { self.memory.write(write).await });
        self.asked(answer)
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        let answer = Box::pin(async move { self.memory.touch(id, expiry).await });
        self.asked(answer)
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        let answer = Box::pin(async move { self.memory.destroy(id).await });
        self.asked(answer)
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        let answer = Box::pin(async move { self.memory.destroy_owned(owner).await });
        self.asked(answer)
    }
}

async fn log_in(session: Session) -> Result<String, SessionError> {
    session.renew().await?;
    session.set("user", "alice").await?;
    Ok(String::new())
}

async fn who(session: Session) -> Result<String, SessionError> {
    Ok(session.get::<String>("user").await?.unwrap_or_default())
}

async fn nothing(_: Session) -> Result<String, SessionError> {
    Ok(String::new())
}

async fn text(response: Response<Full<Bytes>>) -> String {
    use http_body_util::BodyExt;
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn cookie(response: &Response<Full<Bytes>>) -> Option<&str> {
    response.headers().get(header::SET_COOKIE).map(|field| field.to_str().unwrap())
}

#[tokio::test]
async fn the_default_cookie_is_a_safe_one() {
    let world = World::new(Config::default());
    let response = world.visit(&mut Jar::default(), log_in).await;
    let cookie = cookie(&response).unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert!(value.starts_with("__Host-sid=s%3A"), "{cookie}");
    assert_eq!(attributes, "Path=/; Expires=Fri, 04 Oct 2024 01:00:00 GMT; HttpOnly; Secure; SameSite=Lax");
}

#[tokio::test]
async fn a_million_anonymous_visits_create_no_session_and_no_growth() {
    // A tenth of them look whether they are logged in, which must not begin a session either.
    let world = World::new(Config::default());
    for visit in 0..1_000_000 {
        let response = if visit % 10 == 0 {
            world.visit(&mut Jar::default(), who).await
        } else {
            world.visit(&mut Jar::default(), nothing).await
        };
        assert!(cookie(&response).is_none());
    }
    assert_eq!(world.store.calls(), 0);
    assert!(world.store.memory.is_empty());
}

#[tokio::test]
async fn a_page_that_uses_no_session_does_not_ask_the_store() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    world.store.calls();
    world.visit(&mut jar, nothing).await;
    assert_eq!(world.store.calls(), 0);
    // One that reads asks once, and does not write what nobody changed.
    assert_eq!(text(world.visit(&mut jar, who).await).await, "alice");
    assert_eq!(world.store.calls(), 1);
}

#[tokio::test]
async fn a_store_that_is_away_fails_those_who_need_it_and_acknowledges_nothing() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    world.store.away.store(true, Ordering::SeqCst);

    assert_eq!(world.visit(&mut jar.clone(), nothing).await.status(), StatusCode::OK);
    assert_eq!(world.visit(&mut jar.clone(), who).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    // A new session needs the store only in the end: the handler's success is not passed on.
    let response = world
        .visit(&mut Jar::default(), async |session: Session| {
            session.set("cart", 1).await?;
            Ok("bought".into())
        })
        .await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert!(cookie(&response).is_none());
    assert_eq!(text(response).await, "");

    world.store.away.store(false, Ordering::SeqCst);
    assert_eq!(text(world.visit(&mut jar, who).await).await, "alice");
}

#[tokio::test]
async fn parallel_requests_of_one_session_lose_nothing() {
    let world = Arc::new(World::new(Config::default()));
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    let requests = (0..16).map(|request| {
        let (world, mut jar) = (Arc::clone(&world), jar.clone());
        tokio::spawn(async move {
            let handler = async move |session: Session| {
                session.update("visits", |visits: Option<u32>| visits.unwrap_or_default() + 1).await?;
                session.set(&format!("key{request}"), request).await?;
                tokio::task::yield_now().await;
                session.update("visits", |visits: Option<u32>| visits.unwrap_or_default() + 1).await?;
                Ok(String::new())
            };
            world.visit(&mut jar, handler).await.status()
        })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), StatusCode::OK);
    }
    let handler = async |session: Session| {
        for request in 0..16 {
            assert_eq!(session.get::<u32>(&format!("key{request}")).await?, Some(request));
        }
        assert_eq!(session.get::<u32>("visits").await?, Some(32));
        who(session).await
    };
    assert_eq!(text(world.visit(&mut jar, handler).await).await, "alice");
}

#[tokio::test]
async fn a_session_destroyed_meanwhile_does_not_come_back() {
    let world = Arc::new(World::new(Config::default()));
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    let (other, mut same) = (Arc::clone(&world), jar.clone());
    let response = world
        .visit(&mut jar, move |session: Session| async move {
            session.set("late", true).await?;
            other
                .visit(&mut same, async |session: Session| session.destroy().await.map(|()| String::new()))
                .await;
            Ok(String::new())
        })
        .await;
    assert!(cookie(&response).unwrap().contains("Expires=Thu, 01 Jan 1970"));
    assert!(world.stored().is_empty());
}

#[tokio::test]
async fn idle_and_absolute_lifetime_both_end_a_session() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    // Used every half hour it goes on, and the browser's end moves with the store's.
    for _ in 0..23 {
        world.let_pass(30 * MINUTE);
        let response = world.visit(&mut jar, who).await;
        assert!(cookie(&response).is_some());
        assert_eq!(text(response).await, "alice");
    }
    // Eleven and a half hours are over: the end stays where twelve hours are.
    world.let_pass(29 * MINUTE);
    assert_eq!(text(world.visit(&mut jar, who).await).await, "alice");
    world.let_pass(MINUTE);
    assert_eq!(text(world.visit(&mut jar, who).await).await, "");

    let mut idle = Jar::default();
    world.visit(&mut idle, log_in).await;
    world.let_pass(60 * MINUTE);
    assert_eq!(text(world.visit(&mut idle, who).await).await, "");
}

#[tokio::test]
async fn use_moves_the_end_no_more_than_once_a_minute() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    world.store.calls();
    for _ in 0..10 {
        world.let_pass(Duration::from_secs(5));
        assert!(cookie(&world.visit(&mut jar, who).await).is_none());
    }
    assert_eq!(world.store.calls(), 10);
    world.let_pass(10 * Duration::from_secs(1));
    assert!(cookie(&world.visit(&mut jar, who).await).is_some());
    assert_eq!(world.store.calls(), 2);
}

#[tokio::test]
async fn a_clock_that_jumps_back_ends_nothing_and_breaks_nothing() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    *world.clock.lock().unwrap() -= 3 * 24 * 60 * MINUTE;
    assert_eq!(text(world.visit(&mut jar, who).await).await, "alice");
    *world.clock.lock().unwrap() = SystemTime::UNIX_EPOCH;
    assert_eq!(text(world.visit(&mut jar, who).await).await, "alice");
}

#[tokio::test]
async fn an_id_that_was_never_issued_is_not_taken_over() {
    let world = World::new(Config::default());
    // Signed, as if somebody had the secret of an application that keeps its sessions elsewhere.
    let planted = SignatureKeys::new(&secrets()).sign("planted");
    let mut jar = Jar(Some(format!("__Host-sid={planted}")));
    let set = async |session: Session| session.set("a", 1).await.map(|()| String::new());
    assert!(!cookie(&world.visit(&mut jar, set).await).unwrap().contains("planted"));
    assert_ne!(world.stored()[0].0, "planted");
}

#[tokio::test]
async fn a_login_renews_the_id_and_keeps_the_cart() {
    let world = World::new(Config::default());
    let mut visitor = Jar::default();
    world
        .visit(&mut visitor, async |session: Session| session.set("cart", 7).await.map(|()| String::new()))
        .await;
    let mut user = visitor.clone();
    world.visit(&mut user, log_in).await;
    assert_ne!(visitor.0, user.0);
    let cart = async |session: Session| Ok(format!("{:?}", session.get::<u32>("cart").await?));
    assert_eq!(text(world.visit(&mut user, cart).await).await, "Some(7)");
    assert_eq!(text(world.visit(&mut visitor, cart).await).await, "None");
}

#[tokio::test]
async fn everywhere_means_every_session_of_that_user_and_of_nobody_else() {
    let world = World::new(Config::default());
    let (mut laptop, mut phone, mut bob) = (Jar::default(), Jar::default(), Jar::default());
    world.visit(&mut laptop, log_in).await;
    world.visit(&mut phone, log_in).await;
    world
        .visit(&mut bob, async |session: Session| session.set("user", "bob").await.map(|()| String::new()))
        .await;
    let out = async |session: Session| session.destroy_everywhere().await.map(|count| count.to_string());
    assert_eq!(text(world.visit(&mut laptop, out).await).await, "2");
    assert_eq!(text(world.visit(&mut phone, who).await).await, "");
    assert_eq!(text(world.visit(&mut bob, who).await).await, "bob");
}

#[tokio::test]
async fn a_cookie_that_would_be_withheld_makes_no_session() {
    let world = World::new(Config::default());
    let response = world.send(request(false, None), log_in).await;
    assert!(cookie(&response).is_none());
    assert_eq!(world.store.calls(), 0);

    let mut config = Config::default();
    config.dangerous_allow_insecure = true;
    let world = World::new(config);
    let response = world.send(request(false, None), log_in).await;
    let field = cookie(&response).unwrap();
    assert!(field.starts_with("sid=s%3A") && !field.contains("Secure"), "{field}");
    // Over TLS it is as always.
    assert!(cookie(&world.send(request(true, None), log_in).await).unwrap().contains("; Secure"));
}

#[tokio::test]
async fn bad_cookies_are_no_session_and_ask_no_store() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    let good = jar.0.unwrap();
    let other = SignatureKeys::new(&Secrets::new(["another secret of thirty-two bytes"]).unwrap()).sign("x");
    let long = SignatureKeys::new(&secrets()).sign(&"x".repeat(513));
    world.store.calls();
    for bad in [
        String::new(),
        "__Host-sid=".into(),
        "__Host-sid=s%3A".into(),
        "__Host-sid=s:.".into(),
        good[..good.len() - 1].to_owned(),
        good.replace("s%3A", ""),
        good.replace("s%3A", "s%3Ax"),
        good.replace("__Host-sid", "sid"),
        format!("__Host-sid={other}"),
        format!("__Host-sid={long}"),
        format!("__Host-sid={}", "s:".repeat(30_000)),
        format!("{good}; __Host-sid=s%3Aplanted.x"),
        format!("__Host-sid=s%3Aplanted.x; {good}"),
    ] {
        assert_eq!(text(world.visit(&mut Jar(Some(bad.clone())), who).await).await, "", "{bad:.80}");
        assert_eq!(world.store.calls(), 0, "{bad:.80}");
    }
    let mut bytes = request(true, None);
    let not_utf8 = [good.as_bytes(), b"; __Host-sid=\xff\xfe"].concat();
    bytes.headers_mut().insert(header::COOKIE, not_utf8.as_slice().try_into().unwrap());
    assert_eq!(text(world.send(bytes, who).await).await, "");
    // The same value twice says one thing.
    assert_eq!(text(world.visit(&mut Jar(Some(format!("{good}; {good}"))), who).await).await, "alice");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_a_session_that_is_gone() {
    let world = World::new(Config::default());
    for broken in ["", "null", "{}", "{\"user\":\"alice\"}", "\u{0}\u{1}", "{\"cookie\":{}"] {
        let mut jar = Jar::default();
        world.visit(&mut jar, log_in).await;
        for (id, _) in world.stored() {
            let expiry = Expiry { now: *world.clock.lock().unwrap(), at: None };
            let write = Write { id: &id, record: broken, expected: Expected::Anything, owner: None, expiry };
            world.store.memory.write(write).await.unwrap();
        }
        let response = world.visit(&mut jar, who).await;
        assert_eq!(response.status(), StatusCode::OK, "{broken}");
        assert_eq!(text(response).await, "");
        assert!(world.stored().is_empty(), "{broken}");
    }
}

#[tokio::test]
async fn values_have_types_names_and_a_limit() {
    let mut config = Config::default();
    config.max_bytes = 1000;
    let world = World::new(config);
    let mut jar = Jar::default();
    let handler = async |session: Session| {
        session.set("text", "x").await?;
        assert!(
            matches!(session.get::<u32>("text").await, Err(SessionError::Value { key, .. }) if key == "text")
        );
        for reserved in ["cookie", "__proto__", "save", "toString"] {
            assert!(
                matches!(session.set(reserved, 1).await, Err(SessionError::ReservedKey(_))),
                "{reserved}"
            );
        }
        let large = session.set("text", "x".repeat(2000)).await;
        assert!(matches!(large, Err(SessionError::TooLarge { bytes: 2010, max_bytes: 1000 })), "{large:?}");
        session.get::<String>("text").await.map(Option::unwrap_or_default)
    };
    assert_eq!(text(world.visit(&mut jar, handler).await).await, "x");
    let again = async |session: Session| Ok(session.get::<String>("text").await?.unwrap_or_default());
    assert_eq!(text(world.visit(&mut jar, again).await).await, "x");
}

#[tokio::test]
async fn what_is_changed_after_the_head_is_stored_by_a_save_only() {
    let world = World::new(Config::default());
    let mut jar = Jar::default();
    world.visit(&mut jar, log_in).await;
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    world
        .visit(&mut jar, move |session: Session| async move {
            *keep.lock().unwrap() = Some(session);
            Ok(String::new())
        })
        .await;
    let session = kept.lock().unwrap().take().unwrap();
    session.set("late", 1).await.unwrap();
    assert!(!world.stored()[0].1.contains("late"));
    session.save().await.unwrap();
    assert!(world.stored()[0].1.contains("\"late\":1"));
}

#[tokio::test]
async fn a_path_is_compared_by_segments() {
    let mut config = Config::default();
    config.name = "sid".into();
    config.cookie.path = "/admin".into();
    let layer = SessionLayer::new(config, &secrets(), Arc::new(MemoryStore::for_tests())).unwrap();
    let mut app = layer.layer(service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(Response::new(request.extensions().get::<Session>().is_some().to_string()))
    }));
    for (path, has) in [("/admin", "true"), ("/admin/x", "true"), ("/administrator", "false"), ("/", "false")]
    {
        let answer = app.call(Request::get(path).body(()).unwrap()).await.unwrap();
        assert_eq!(answer.into_body(), has, "{path}");
    }
}

#[test]
fn what_can_never_work_does_not_build() {
    let build = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        let layer = SessionLayer::new(config, &secrets(), Arc::new(MemoryStore::for_tests()));
        layer.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (change, says) in [
        ((|config| config.name = "a b".into()) as fn(&mut Config), "name = \"a b\": must be a cookie name"),
        (
            |config| config.cookie.path = "foo/bar".into(),
            "cookie.path = \"foo/bar\": must be an absolute path",
        ),
        (|config| config.cookie.path = "/admin".into(), "cookie.path = \"/admin\": must be `/` with"),
        (|config| config.cookie.domain = Some("a.example".into()), "cookie.domain"),
        (|config| config.cookie.secure = Secure::Auto, "cookie.secure = Auto: must be `Always`"),
        (|config| config.cookie.max_age = Some(Duration::ZERO), "cookie.max_age"),
        (|config| config.touch_after = Duration::from_secs(3600), "touch_after"),
        (|config| config.max_bytes = 0, "max_bytes"),
        (|config| config.owner_key = Some("cookie".into()), "owner_key"),
    ] {
        let error = build(change);
        assert!(error.starts_with(says), "{error} for {says}");
    }
    assert_eq!(build(|_| ()), "");
}

#[tokio::test]
async fn the_secret_of_csrf_tokens_is_kept_where_csurf_keeps_it() {
    use portcullis::csrf::{CsrfToken, SESSION_KEY, TokenConfig, TokenLayer, TokenScheme};

    let world = World::new(Config::default());
    let tokens = TokenLayer::new(TokenConfig::new(TokenScheme::Session)).unwrap();
    let mut app = world.layer.clone().layer(tokens.layer(service_fn(async |request: Request<_>| {
        let token = request.extensions().get::<CsrfToken>().map(ToString::to_string);
        Ok::<_, Infallible>(Response::new(token.unwrap_or_default()))
    })));
    let page = app.call(request(true, None).map(|()| Full::<Bytes>::default())).await.unwrap();
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let token = page.into_body();
    assert!(world.stored()[0].1.contains(SESSION_KEY));

    for (token, status) in [(token.as_str(), StatusCode::OK), ("forged", StatusCode::FORBIDDEN)] {
        let mut post = request(true, Some(&cookie)).map(|()| Full::<Bytes>::default());
        *post.method_mut() = http::Method::POST;
        post.headers_mut().insert("x-csrf-token", token.parse().unwrap());
        assert_eq!(app.call(post).await.unwrap().status(), status);
    }
    world.store.away.store(true, Ordering::SeqCst);
    let away = app.call(request(true, Some(&cookie)).map(|()| Full::default())).await.unwrap();
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
}
