//! The guard `error` from outside.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Write,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, routing};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use portcullis::{
    Mode, Refusal, RequestId,
    error::{Config, ErrorBody, ErrorLayer},
};
use portcullis_rules::limit;
use tower::{Layer, ServiceExt, service_fn};

const TRACE: &str = "Error: x\n    at f (/srv/app/x.js:1:2)\n";

/// A body that plays a script, waits for ever where it says so, and tells how often it was asked.
#[derive(Clone, Default)]
struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    polls: Arc<Mutex<usize>>,
}

#[derive(Debug)]
enum Step {
    Data(Bytes),
    Wait,
    Fail,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: Arc::new(Mutex::new(steps.into_iter().collect())), polls: Arc::default() }
    }

    fn polls(&self) -> usize {
        *self.polls.lock().unwrap()
    }
}

fn data(text: impl Into<Bytes>) -> Step {
    Step::Data(text.into())
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        *self.polls.lock().unwrap() += 1;
        let mut steps = self.steps.lock().unwrap();
        match steps.pop_front() {
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Step::Fail) => Poll::Ready(Some(Err("broken off"))),
            Some(Step::Wait) => {
                steps.push_front(Step::Wait);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

async fn send<B>(config: Config, request: Request<()>, answer: Response<B>) -> Response<ErrorBody<B>>
where
    B: Body<Data = Bytes> + 'static,
{
    let answer = Mutex::new(Some(answer));
    let inner = service_fn(move |_| {
        let answer = answer.lock().unwrap().take().unwrap();
        async move { Ok::<_, Infallible>(answer) }
    });
    ErrorLayer::new(config).unwrap().layer(inner).oneshot(request).await.unwrap()
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

fn answer<B>(status: u16, body: B) -> Response<B> {
    Response::builder().status(status).header(header::CONTENT_TYPE, "text/plain").body(body).unwrap()
}

fn full(text: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(text.into())
}

async fn text<B>(response: Response<B>) -> String
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_refusal_is_rendered_in_the_form_that_the_client_would_rather_have() {
    let refused = || {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, &limit::SLOW_CLIENT, "seen 7 times")
            .retry_after(Duration::from_secs(9));
        refusal.into_response::<Empty<Bytes>>()
    };
    let id = RequestId::next();
    let request = |accept: &str| {
        Request::get("/").header(header::ACCEPT, accept).extension(id.clone()).body(()).unwrap()
    };

    let response = send(Config::default(), request("application/json"), refused()).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "9");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[header::VARY], "Accept");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert!(response.extensions().get::<Refusal>().is_some(), "it stays for the log");
    let expected =
        format!(r#"{{"type":"about:blank","title":"Too Many Requests","status":429,"request_id":"{id}"}}"#);
    assert_eq!(text(response).await, expected);

    let response = send(Config::default(), request("text/html,*/*;q=0.8"), refused()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let length: usize = response.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
    let page = text(response).await;
    assert_eq!(page.len(), length);
    assert!(page.contains("Too Many Requests") && page.contains(id.as_str()), "{page}");
    for forbidden in ["slow-client", "seen 7 times", "<style", "style=", "<script", "onload", "http"] {
        assert!(!page.contains(forbidden), "{forbidden:?} in {page}");
    }
}

#[tokio::test]
async fn a_5xx_is_always_replaced_and_keeps_what_is_not_of_its_body() {
    for body in ["", "fine by itself", TRACE] {
        let mut failed = answer(503, full(body));
        for (name, value) in [
            ("retry-after", "120"),
            ("set-cookie", "a=b"),
            ("etag", "\"1\""),
            ("content-language", "en"),
            ("content-security-policy", "default-src 'none'"),
            ("x-debug", "/srv/app/x.js:1"),
        ] {
            failed.headers_mut().insert(name, value.parse().unwrap());
        }
        let response = send(Config::default(), get("/"), failed).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let head = response.headers().clone();
        let mut names: Vec<_> = head.keys().map(header::HeaderName::as_str).collect();
        names.sort_unstable();
        let kept = [
            "cache-control",
            "content-length",
            "content-security-policy",
            "content-type",
            "retry-after",
            "set-cookie",
            "vary",
        ];
        assert_eq!(names, kept);
        let text = text(response).await;
        assert!(
            text.starts_with(r#"{"type":"about:blank","title":"Service Unavailable","status":503,"#),
            "{text}"
        );
    }
}

#[tokio::test]
async fn success_and_redirects_are_never_read() {
    for status in [200, 204, 206, 301, 304] {
        let script = Script::new([data(TRACE)]);
        let response = send(Config::default(), get("/"), answer(status, script.clone())).await;
        assert_eq!(script.polls(), 0, "{status}");
        assert_eq!(text(response).await, TRACE);
    }
}

#[tokio::test]
async fn a_4xx_that_shows_the_inside_is_replaced_and_others_pass_byte_for_byte() {
    let leaking = send(Config::default(), get("/"), answer(400, full(TRACE))).await;
    assert_eq!(leaking.status(), StatusCode::BAD_REQUEST);
    assert!(!text(leaking).await.contains("srv"));

    let steps = ["one", "", "two"].map(data);
    let mut clean = answer(404, Script::new(steps));
    clean.headers_mut().insert(header::ETAG, "\"1\"".parse().unwrap());
    let clean = send(Config::default(), get("/"), clean).await;
    assert_eq!(clean.headers()[header::ETAG], "\"1\"");
    let mut frames = Vec::new();
    let mut body = Box::pin(clean.into_body());
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap().into_data().unwrap());
    }
    assert_eq!(frames, ["one", "", "two"]);
}

#[tokio::test]
async fn a_trace_split_over_frames_is_found() {
    let frames = TRACE.bytes().map(|byte| data(vec![byte]));
    let response = send(Config::default(), get("/"), answer(422, Script::new(frames))).await;
    assert!(!text(response).await.contains("srv"));
}

#[tokio::test]
async fn what_the_client_asked_for_may_be_repeated() {
    let page = "<pre>Cannot GET /home/alice/app/x.js</pre>";
    let response = send(Config::default(), get("/home/alice/app/x.js"), answer(404, full(page))).await;
    assert_eq!(text(response).await, page);
    let response = send(Config::default(), get("/x.js"), answer(404, full(page))).await;
    assert_ne!(text(response).await, page);
}

#[tokio::test]
async fn only_text_is_looked_at() {
    for (media_type, looked) in [
        (Some("application/json; charset=utf-8"), true),
        (Some("application/vnd.api+json"), true),
        (Some("TEXT/HTML"), true),
        (Some("image/svg+xml"), true),
        (Some("garbage"), true),
        (None, true),
        (Some("image/png"), false),
        (Some("application/octet-stream"), false),
        (Some("video/mp4"), false),
    ] {
        let script = Script::new([data(TRACE)]);
        let mut response = answer(404, script.clone());
        response.headers_mut().remove(header::CONTENT_TYPE);
        if let Some(media_type) = media_type {
            response.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        }
        let response = send(Config::default(), get("/"), response).await;
        assert_eq!(script.polls() > 0, looked, "{media_type:?}");
        assert_eq!(text(response).await != TRACE, looked, "{media_type:?}");
    }
}

#[tokio::test]
async fn the_look_ends_at_its_limit_and_the_rest_streams_on() {
    let kib = || data(vec![b'x'; 1024]);
    // Right before the limit it is found, right behind it is not.
    for (before, found) in [(63, true), (64, false)] {
        let steps = (0..before).map(|_| kib()).chain([data(TRACE)]).chain((0..100).map(|_| kib()));
        let script = Script::new(steps);
        let response = send(Config::default(), get("/"), answer(404, script.clone())).await;
        assert!(script.polls() <= 66, "{}", script.polls());
        let text = text(response).await;
        assert_eq!(!text.contains("srv"), found, "{before}");
        if !found {
            assert_eq!(text.len(), 164 * 1024 + TRACE.len());
        }
    }
    // One frame larger than the limit goes on whole.
    let large = vec![b'x'; 300 * 1024];
    let response = send(Config::default(), get("/"), answer(404, full(large.clone()))).await;
    assert_eq!(response.body().size_hint().exact(), Some(large.len() as u64));
    assert_eq!(text(response).await.len(), large.len());
}

#[tokio::test]
async fn an_endless_row_of_empty_frames_is_not_held() {
    let script = Script::new((0..100_000).map(|_| data("")));
    let _response = send(Config::default(), get("/"), answer(404, script.clone())).await;
    assert!(script.polls() < 5_000, "{}", script.polls());
}

#[tokio::test]
async fn coded_bodies_are_read_and_pass_as_they_came() {
    let coded = |coding: &'static str, body: Vec<u8>| {
        let mut response = answer(404, full(body));
        response.headers_mut().insert(header::CONTENT_ENCODING, coding.parse().unwrap());
        response
    };
    let clean = gzip(b"no such user");
    let response = send(Config::default(), get("/"), coded("gzip", clean.clone())).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), clean);

    // A bomb of spaces shows nothing in its first 64 KiB.
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    let response = send(Config::default(), get("/"), coded("gzip", bomb.clone())).await;
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), bomb);

    for (coding, body) in [
        ("gzip", gzip(TRACE.as_bytes())),
        ("gzip", b"not gzip".to_vec()),
        ("gzip", gzip(b"cut off here")[..20].to_vec()),
        ("zstd", b"whatever".to_vec()),
        ("gzip, br", gzip(b"twice")),
    ] {
        let response = send(Config::default(), get("/"), coded(coding, body)).await;
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), None, "{coding}");
        assert!(text(response).await.starts_with("{\"type\":"), "{coding}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_keeps_the_look_waiting_is_replaced_in_time() {
    for status in [404, 500] {
        let began = tokio::time::Instant::now();
        let script = Script::new([data("beginning"), Step::Wait]);
        let response = send(Config::default(), get("/"), answer(status, script)).await;
        assert_eq!(began.elapsed().as_secs(), 2);
        assert!(text(response).await.starts_with("{\"type\":"));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_stays_visibly_broken() {
    let script = Script::new([data("no such user"), Step::Fail]);
    let response = send(Config::default(), get("/"), answer(404, script)).await;
    let mut body = Box::pin(response.into_body());
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "no such user");
    assert_eq!(body.frame().await.unwrap().unwrap_err(), "broken off");
}

#[tokio::test]
async fn head_gets_the_fields_and_no_body() {
    let request = || Request::head("/").body(()).unwrap();
    let response = send(Config::default(), request(), answer(500, Empty::<Bytes>::new())).await;
    let length: usize = response.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
    assert!(length > 80);
    assert_eq!(text(response).await, "");

    let mut missing = answer(404, Empty::<Bytes>::new());
    missing.headers_mut().insert(header::CONTENT_LENGTH, "147".parse().unwrap());
    let response = send(Config::default(), request(), missing).await;
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "147");
}

#[tokio::test]
async fn report_mode_counts_and_lets_errors_through() {
    let mut config = Config::default();
    config.mode = Mode::Report;
    let reported = || {
        let counts = portcullis::tally::snapshot();
        counts.iter().find(|(id, _)| *id == "error.stack-leak").map_or(0, |(_, count)| count.reported)
    };
    let before = reported();
    for status in [400, 500] {
        let response = send(config.clone(), get("/"), answer(status, full(TRACE))).await;
        assert_eq!(text(response).await, TRACE);
    }
    assert_eq!(reported() - before, 2);
    let refused =
        Refusal::new(StatusCode::FORBIDDEN, &limit::SLOW_CLIENT, "x").into_response::<Empty<Bytes>>();
    assert!(text(send(config, get("/"), refused).await).await.contains("Forbidden"));
}

#[tokio::test]
async fn exposed_errors_pass_unread() {
    let mut config = Config::default();
    config.dangerous_expose = true;
    for status in [400, 500] {
        let script = Script::new([data(TRACE)]);
        let response = send(config.clone(), get("/"), answer(status, script.clone())).await;
        assert_eq!(script.polls(), 0);
        assert_eq!(text(response).await, TRACE);
    }
}

#[tokio::test]
async fn it_stands_around_an_axum_router() {
    let app = Router::new()
        .route("/fails", routing::get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, TRACE) }))
        .layer(ErrorLayer::new(Config::default()).unwrap());
    let request =
        Request::get("/fails").header(header::ACCEPT, "text/html").body(axum::body::Body::empty()).unwrap();
    let page = text(app.oneshot(request).await.unwrap()).await;
    assert!(page.contains("<h1>Internal Server Error</h1>"), "{page}");
}

#[test]
fn bounds_that_make_no_sense_are_errors() {
    let error = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        ErrorLayer::new(config).unwrap_err().to_string()
    };
    assert_eq!(error(|config| config.max_look_bytes = 0), "max_look_bytes = 0: must be from 1024 to 1048576");
    assert_eq!(
        error(|config| config.max_log_bytes = 1 << 20),
        "max_log_bytes = 1048576: must be at most 65536"
    );
    assert_eq!(
        error(|config| config.max_wait = Duration::ZERO),
        "max_wait = 0ns: must be more than nothing and at most \"1m\""
    );
}

#[test]
fn the_section_is_read_strictly() {
    let config: Config = toml::from_str("dangerous_expose = true\nmax_wait = \"500ms\"").unwrap();
    assert!(config.dangerous_expose);
    assert_eq!((config.max_wait, config.max_log_bytes), (Duration::from_millis(500), 8_192));
    for (wrong, said) in [("expose = true", "unknown field `expose`"), ("max_wait = 5", "invalid type")] {
        let error = toml::from_str::<Config>(wrong).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
