//! The guard with tokens, on axum.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    routing::post,
};
use http::{Request, StatusCode, header::SET_COOKIE};
use http_body::{Body as _, Frame};
use portcullis::{
    Checklist, Mode,
    csrf::{
        CsrfToken, HoldsSecret, Secret, SecretFuture, SessionSecret, TokenBinding, TokenConfig, TokenLayer,
        TokenScheme,
    },
};
use tower::ServiceExt;

const SECRET: &str = "thirty-two bytes of a real secret";
const FORM: &str = "application/x-www-form-urlencoded";

fn app(config: TokenConfig) -> Router {
    Router::new()
        .route(
            "/",
            post(|body: Bytes| async { body })
                .get(|Extension(token): Extension<CsrfToken>| async move { token.value().to_owned() }),
        )
        .layer(TokenLayer::new(config).unwrap())
}

fn bound() -> TokenConfig {
    TokenConfig::new(TokenScheme::bound([SECRET]).unwrap())
}

/// A token, and the cookie that was set with it.
async fn visit(app: &Router, id: Option<&str>) -> (String, Option<String>) {
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    if let Some(id) = id {
        request.extensions_mut().insert(TokenBinding(id.into()));
    }
    let answer = app.clone().oneshot(request).await.unwrap();
    let cookie = answer.headers().get(SET_COOKIE).map(|field| field.to_str().unwrap().to_owned());
    let token = to_bytes(answer.into_body(), 1024).await.unwrap();
    (String::from_utf8(token.to_vec()).unwrap(), cookie)
}

async fn status(app: &Router, request: Request<Body>) -> StatusCode {
    app.clone().oneshot(request).await.unwrap().status()
}

fn with_token(id: &str, token: &str) -> Request<Body> {
    let request = Request::post("/").header("x-csrf-token", token).extension(TokenBinding(id.into()));
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_token_is_for_one_session_and_new_in_every_answer() {
    let app = app(bound());
    let (one, cookie) = visit(&app, Some("alice")).await;
    let (two, _) = visit(&app, Some("alice")).await;
    assert_eq!(cookie, None, "a session needs no cookie of ours");
    // BREACH: nothing of two answers is the same at the same place, but by chance.
    let alike = one.bytes().zip(two.bytes()).filter(|(a, b)| a == b).count();
    assert!(one.len() == two.len() && alike < one.len() / 4, "{alike} of {} bytes are the same", one.len());
    for token in [&one, &two] {
        assert_eq!(status(&app, with_token("alice", token)).await, StatusCode::OK);
        assert_eq!(status(&app, with_token("mallory", token)).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(status(&app, with_token("alice", "")).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_has_no_session_yet_is_bound_to_a_cookie_that_nobody_else_can_set() {
    let app = app(bound());
    let (token, cookie) = visit(&app, None).await;
    let cookie = cookie.unwrap();
    assert!(cookie.starts_with("__Host-csrf="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let send = |cookie: &str| {
        Request::post("/")
            .header("cookie", cookie)
            .header("x-csrf-token", &token)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(status(&app, send(pair)).await, StatusCode::OK);
    assert_eq!(status(&app, send("__Host-csrf=planted")).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&app, send("x=y")).await, StatusCode::FORBIDDEN);
    // The same text as the id of a session is something else.
    let value = pair.split_once('=').unwrap().1;
    assert_eq!(status(&app, with_token(value, &token)).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_replaced_secret_still_opens_what_it_signed() {
    let (token, _) = visit(&app(bound()), Some("alice")).await;
    let rotate = |secrets: &[&str]| app(TokenConfig::new(TokenScheme::bound(secrets.to_vec()).unwrap()));
    let other = "another secret of thirty-two bytes";
    assert_eq!(status(&rotate(&[other, SECRET]), with_token("alice", &token)).await, StatusCode::OK);
    assert_eq!(status(&rotate(&[other]), with_token("alice", &token)).await, StatusCode::FORBIDDEN);
}

/// Gives its parts one by one, with a wait before each.
struct Slow {
    parts: Vec<Bytes>,
    wait: Duration,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl http_body::Body for Slow {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let wait = self.wait;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
        std::task::ready!(Future::poll(sleep.as_mut(), cx));
        self.sleep = None;
        if self.parts.is_empty() {
            return Poll::Ready(None);
        }
        let part = self.parts.remove(0);
        Poll::Ready(Some(if part == "broken" {
            Err(std::io::Error::other("broken"))
        } else {
            Ok(Frame::data(part))
        }))
    }
}

fn slow(parts: &[&str], wait: Duration) -> Body {
    let parts = parts.iter().map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
    Body::new(Slow { parts, wait, sleep: None })
}

#[tokio::test]
async fn a_body_goes_on_as_it_came() {
    let app = app(bound());
    let (token, _) = visit(&app, Some("alice")).await;
    let rest = "x".repeat(70_000);
    let field = format!("_csrf={token}");
    let ask = |media_type: &str, body: Body, header: bool| {
        let mut request =
            Request::post("/").header("content-type", media_type).extension(TokenBinding("alice".into()));
        if header {
            request = request.header("x-csrf-token", &token);
        }
        app.clone().oneshot(request.body(body).unwrap())
    };
    let parts = ["to=b%C3%B6b&", field.as_str(), "&amount=3"];
    let answer = ask(FORM, slow(&parts, Duration::from_millis(1)), false).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(to_bytes(answer.into_body(), 1 << 20).await.unwrap(), parts.concat());

    // Beyond the bound the form is not looked into, and still goes on whole.
    let parts = [field.as_str(), "&note=", &rest];
    for (header, status) in [(false, StatusCode::FORBIDDEN), (true, StatusCode::OK)] {
        for body in [slow(&parts, Duration::from_millis(1)), Body::from(parts.concat())] {
            let answer = ask(FORM, body, header).await.unwrap();
            assert_eq!(answer.status(), status);
            if header {
                assert_eq!(to_bytes(answer.into_body(), 1 << 20).await.unwrap(), parts.concat());
            }
        }
    }

    // Other types are not read at all.
    let upload = ask("multipart/form-data; boundary=x", Body::from(field.clone()), false).await.unwrap();
    assert_eq!(upload.status(), StatusCode::FORBIDDEN);
    let json = format!(r#"{{"_csrf":"{token}"}}"#);
    assert_eq!(
        ask("application/json; charset=utf-8", Body::from(json), false).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_off_for_the_application_too() {
    let layer = TokenLayer::new(bound()).unwrap();
    let seen = Arc::new(Mutex::new(None));
    let place = Arc::clone(&seen);
    let service = tower::Layer::layer(
        &layer,
        tower::service_fn(move |request: Request<portcullis::csrf::token_layer::HeldBody<Body>>| {
            let place = Arc::clone(&place);
            async move {
                let (_, mut body) = request.into_parts();
                let mut frames = Vec::new();
                while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                    frames.push(frame.is_ok());
                    if frames.last() == Some(&false) {
                        break;
                    }
                }
                *place.lock().unwrap() = Some(frames);
                Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
            }
        }),
    );
    let (token, _) = visit(&app(bound()), Some("alice")).await;
    let request = Request::post("/")
        .header("content-type", FORM)
        .header("x-csrf-token", token)
        .extension(TokenBinding("alice".into()))
        .body(slow(&["a=1", "broken", "never"], Duration::from_millis(1)))
        .unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::OK);
    assert_eq!(seen.lock().unwrap().take(), Some(vec![true, false]));
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_come_in_time_has_no_token() {
    let app = app(bound());
    let (token, _) = visit(&app, Some("alice")).await;
    let field = format!("_csrf={token}");
    for (wait, status_then) in [(3, StatusCode::OK), (11, StatusCode::FORBIDDEN)] {
        let request = Request::post("/")
            .header("content-type", FORM)
            .extension(TokenBinding("alice".into()))
            .body(slow(&[&field], Duration::from_secs(wait)))
            .unwrap();
        assert_eq!(status(&app, request).await, status_then, "after {wait} s");
    }
}

#[derive(Default)]
struct Session(Mutex<Option<String>>);

impl HoldsSecret for Session {
    fn secret(&self) -> SecretFuture<'_, Option<String>> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }

    fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()> {
        *self.0.lock().unwrap() = Some(secret.to_owned());
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_form_that_express_rendered_posts_to_us() {
    let app = app(TokenConfig::new(TokenScheme::Session));
    let session = Arc::new(Session(Mutex::new(Some("qv9rZJ0kXo2m1sXJ3cJt0w8z".to_owned()))));
    // Made by csurf 1.11.
    let token = "abcDEF12-2fhyXTRhVpAF-fsFBWPVEOUa6nw";
    let send = |session: &Arc<Session>| {
        Request::post("/")
            .header("content-type", FORM)
            .extension(SessionSecret(session.clone()))
            .body(Body::from(format!("_csrf={token}")))
            .unwrap()
    };
    assert_eq!(status(&app, send(&session)).await, StatusCode::OK);
    let other = Arc::new(Session::default());
    assert_eq!(status(&app, send(&other)).await, StatusCode::FORBIDDEN);
    assert!(
        other.0.lock().unwrap().clone().is_some_and(|secret| Secret::kept(secret).is_some()),
        "it has one from now on"
    );
}

#[tokio::test]
async fn where_no_session_can_be_found_nothing_passes() {
    let csrf_csrf = TokenScheme::csrf_csrf([SECRET]).unwrap();
    for scheme in [TokenScheme::Session, csrf_csrf] {
        let app = app(TokenConfig::new(scheme));
        let request = Request::post("/").body(Body::empty()).unwrap();
        assert_eq!(status(&app, request).await, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn in_report_mode_everything_passes() {
    let mut config = bound();
    config.mode = Mode::Report;
    assert_eq!(status(&app(config), with_token("alice", "forged")).await, StatusCode::OK);
}

#[tokio::test]
async fn in_the_checklist_a_refusal_tells_its_code() {
    let app = app(bound()).layer(Checklist::production());
    let answer = app.oneshot(with_token("alice", "forged")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let problem = to_bytes(answer.into_body(), 1024).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
    assert_eq!(problem["code"], "EBADCSRFTOKEN");
}

/// A page as askama renders it: escaped, unless it is told that something is HTML.
#[derive(askama::Template)]
#[template(
    source = "<form>{{ csrf.input()|safe }}<meta content=\"{{ csrf.value() }}\"></form>",
    ext = "html"
)]
struct Page {
    csrf: CsrfToken,
}

#[tokio::test]
async fn a_template_shows_the_hidden_input_as_html() {
    let render = |Extension(csrf): Extension<CsrfToken>| async move {
        askama::Template::render(&Page { csrf }).unwrap()
    };
    let app = Router::new().route("/", axum::routing::get(render)).layer(TokenLayer::new(bound()).unwrap());
    let page = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let page = String::from_utf8(to_bytes(page.into_body(), 1024).await.unwrap().to_vec()).unwrap();
    let (_, input) =
        page.split_once("<form><input type=\"hidden\" name=\"_csrf\" value=\"").expect("an input");
    let (token, rest) = input.split_once("\">").unwrap();
    assert_eq!(rest, format!("<meta content=\"{token}\"></form>"));
    assert_eq!(token.len(), 64 + 1 + 64);
}

#[test]
fn what_cannot_work_is_not_built() {
    let wrong = |change: fn(&mut TokenConfig)| {
        let mut config = bound();
        change(&mut config);
        TokenLayer::new(config).unwrap_err().path().to_owned()
    };
    assert_eq!(wrong(|config| config.scheme = TokenScheme::bound(["short"]).unwrap()), "secrets");
    assert_eq!(wrong(|config| config.status = StatusCode::OK), "status");
    assert_eq!(wrong(|config| config.code = "a\"b".into()), "code");
    assert_eq!(wrong(|config| config.max_wait = Duration::ZERO), "max_wait");
    let insecure = |config: &mut TokenConfig| {
        if let TokenScheme::Bound { cookie, .. } = &mut config.scheme {
            cookie.attributes.secure = false;
        }
    };
    assert_eq!(wrong(insecure), "cookie");
    assert!(TokenScheme::bound([""; 1]).is_err());
}
