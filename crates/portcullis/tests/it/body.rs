//! The guard `body` from outside.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Write,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use portcullis::{
    Mode, Refusal,
    body::{BodyLayer, BodyRefused, Config, MeteredBody},
    tally::Count,
};
use tower::{Layer, Service, ServiceExt, service_fn};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that plays a script.
struct Script(VecDeque<Result<Frame<Bytes>, BoxError>>);

impl Script {
    fn data(chunks: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(chunks.into_iter().map(|chunk| Ok(Frame::data(chunk.into()))).collect())
    }

    fn then(mut self, frame: Result<Frame<Bytes>, BoxError>) -> Self {
        self.0.push_back(frame);
        self
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// What an application saw of a body.
#[derive(Debug, Default)]
struct Saw {
    frames: Vec<usize>,
    bytes: Vec<u8>,
    trailers: Option<HeaderMap>,
    error: Option<BoxError>,
    asked: bool,
}

/// Sends a request through the guard to an application that reads frame by frame and answers `answer`.
async fn send<B>(config: Config, request: Request<B>, answer: StatusCode) -> (Response<Full<Bytes>>, Saw)
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let saw = Arc::new(Mutex::new(Saw::default()));
    let notes = Arc::clone(&saw);
    let application = service_fn(move |request: Request<MeteredBody<B>>| {
        let notes = Arc::clone(&notes);
        async move {
            notes.lock().unwrap().asked = true;
            let mut body = Box::pin(request.into_body());
            while let Some(frame) = body.frame().await {
                let mut saw = notes.lock().unwrap();
                match frame.map(Frame::into_data) {
                    Ok(Ok(data)) => {
                        saw.frames.push(data.len());
                        saw.bytes.extend_from_slice(&data);
                    }
                    Ok(Err(frame)) => saw.trailers = frame.into_trailers().ok(),
                    Err(error) => {
                        saw.error = Some(error);
                        break;
                    }
                }
            }
            let mut response = Response::new(Full::new(Bytes::from_static(b"from the application")));
            *response.status_mut() = answer;
            Ok::<_, Infallible>(response)
        }
    });
    let response = BodyLayer::new(config).unwrap().layer(application).oneshot(request).await.unwrap();
    let saw = std::mem::take(&mut *saw.lock().unwrap());
    (response, saw)
}

fn json<B>(body: B) -> Request<B> {
    Request::post("/").header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn coded<B>(coding: &str, body: B) -> Request<B> {
    let mut request = json(body);
    request.headers_mut().insert(header::CONTENT_ENCODING, coding.parse().unwrap());
    request
}

#[track_caller]
fn assert_refused(response: &Response<Full<Bytes>>, status: StatusCode) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()[header::CONNECTION], "close", "the body is unread");
    assert_eq!(response.extensions().get::<Refusal>().expect("a refusal").status, status);
    assert!(response.body().is_end_stream(), "no body of the application's");
}

fn report() -> Config {
    let mut config = Config::default();
    config.mode = Mode::Report;
    config
}

#[tokio::test]
async fn frames_go_on_one_by_one_and_untouched() {
    let mut trailers = HeaderMap::new();
    trailers.insert("digest", "x".parse().unwrap());
    let script = Script::data([b"one".to_vec(), Vec::new(), b"two".to_vec()])
        .then(Ok(Frame::trailers(trailers.clone())));
    let (response, saw) = send(Config::default(), json(script), StatusCode::CREATED).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(saw.frames, [3, 0, 3]);
    assert_eq!(saw.bytes, b"onetwo");
    assert_eq!(saw.trailers, Some(trailers));
}

#[tokio::test]
async fn a_frame_goes_on_before_the_next_one_is_there() {
    struct Half(bool);
    impl Body for Half {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"first")))))
        }
    }
    let application = service_fn(|request: Request<MeteredBody<Half>>| async move {
        let first = Box::pin(request.into_body()).frame().await.unwrap().unwrap();
        Ok::<_, Infallible>(Response::new(Full::new(first.into_data().unwrap())))
    });
    let service = BodyLayer::new(Config::default()).unwrap().layer(application);
    let response = service.oneshot(json(Half(false))).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "first");
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() {
    struct Untouched;
    impl Body for Untouched {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("the body was read")
        }
    }
    for length in ["10241", "5000000", "18446744073709551616", "99999999999999999999999999999999"] {
        let mut request = json(Untouched);
        request.headers_mut().insert(header::CONTENT_LENGTH, length.parse().unwrap());
        let (response, saw) = send(Config::default(), request, StatusCode::OK).await;
        assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(!saw.asked, "{length}");
    }
    for length in ["-1", "+5", "0x10", "1 2", ""] {
        let mut request = json(Untouched);
        request.headers_mut().insert(header::CONTENT_LENGTH, length.parse().unwrap());
        let (response, _) = send(Config::default(), request, StatusCode::OK).await;
        assert_refused(&response, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn the_limit_is_inclusive_and_cuts_a_stream_where_it_is_crossed() {
    let (response, saw) =
        send(Config::default(), json(Script::data(vec![vec![b' '; 1_024]; 10])), StatusCode::OK).await;
    assert_eq!((response.status(), saw.bytes.len()), (StatusCode::OK, 10_240));

    let mut chunks = vec![vec![b' '; 1_024]; 10];
    chunks.push(vec![b'!']);
    let (response, saw) = send(Config::default(), json(Script::data(chunks)), StatusCode::BAD_REQUEST).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(saw.bytes.len(), 10_240, "the frame that was too much is not handed on");
    let error = saw.error.expect("the body ends with an error");
    assert_eq!(error.downcast_ref::<BodyRefused>().expect("typed").0.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_content_length_that_lies_changes_nothing() {
    let mut request = json(Script::data(vec![vec![b' '; 1_024]; 11]));
    request.headers_mut().insert(header::CONTENT_LENGTH, "5".parse().unwrap());
    let (response, _) = send(Config::default(), request, StatusCode::OK).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn whatever_the_application_does_after_a_refusal_the_client_gets_the_refusal() {
    for answer in [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR] {
        let (response, _) = send(Config::default(), json(Script::data([vec![b' '; 20_000]])), answer).await;
        assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    }
    // An upstream exchange that fails because its body did.
    let failing = service_fn(|request: Request<MeteredBody<Script>>| async move {
        Box::pin(request.into_body()).collect().await.map(|_| Response::new(Full::<Bytes>::default()))
    });
    let mut service = BodyLayer::new(Config::default()).unwrap().layer(failing);
    let response =
        service.ready().await.unwrap().call(json(Script::data([vec![b' '; 20_000]]))).await.unwrap();
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    // A failure that is not ours stays what it is.
    let script = Script::data([b"{".to_vec()]).then(Err("connection reset".into()));
    let error = service.ready().await.unwrap().call(json(script)).await.unwrap_err();
    assert_eq!(error.to_string(), "connection reset");
}

#[tokio::test]
async fn an_answer_that_began_before_stays_and_the_refusal_is_counted() {
    let application = service_fn(|request: Request<MeteredBody<Script>>| async move {
        Ok::<_, Infallible>(Response::new(axum::body::Body::new(request.into_body())))
    });
    let mut config = Config::default();
    config.max_upload_bytes = 5;
    let mut request = Request::post("/").body(Script::data([b"12345".to_vec(), b"6".to_vec()])).unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let before = counted("limit.body-unlimited").refused;
    let response = BodyLayer::new(config).unwrap().layer(application).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = Box::pin(response.into_body());
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "12345");
    assert!(body.frame().await.unwrap().unwrap_err().into_inner().is::<BodyRefused>());
    assert!(body.frame().await.is_none());
    assert!(counted("limit.body-unlimited").refused > before);
}

#[tokio::test]
async fn a_body_that_breaks_off_stays_broken() {
    let script = Script::data([b"{".to_vec()]).then(Err("connection reset".into()));
    let (response, saw) = send(Config::default(), json(script), StatusCode::BAD_REQUEST).await;
    assert!(response.extensions().get::<Refusal>().is_none());
    assert_eq!(saw.error.unwrap().to_string(), "connection reset");
}

#[tokio::test]
async fn a_bomb_is_stopped_and_small_coded_bodies_pass_as_they_came() {
    let bomb = gzip(&vec![b' '; 16 * 1024 * 1024]);
    assert!(bomb.len() < 20_000 && bomb.len() > 10_240, "{}", bomb.len());
    let (response, saw) =
        send(Config::default(), coded("gzip", Script::data([bomb.clone()])), StatusCode::OK).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(saw.bytes.is_empty());

    // Small on the wire: 1000:1, byte by byte.
    let bomb = gzip(&vec![b' '; 1024 * 1024]);
    let drip = Script::data(bomb.iter().map(|byte| vec![*byte]));
    let (response, saw) = send(Config::default(), coded("gzip", drip), StatusCode::OK).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(saw.bytes.len() < bomb.len() / 2, "{} of {}", saw.bytes.len(), bomb.len());

    let whole = gzip(&vec![b' '; 10_240]);
    let (response, saw) =
        send(Config::default(), coded("gzip", Script::data([whole.clone()])), StatusCode::OK).await;
    assert_eq!((response.status(), saw.bytes), (StatusCode::OK, whole));
    let over = gzip(&vec![b' '; 10_241]);
    let (response, _) = send(Config::default(), coded("gzip", Script::data([over])), StatusCode::OK).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_coded_body_that_inflates_to_nothing_for_ever_is_stopped() {
    // Empty stored blocks (RFC 1951, section 3.2.4), five bytes each.
    let mut endless = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    endless.extend([0, 0, 0, 0xff, 0xff].repeat(4_000));
    let (response, saw) = send(
        Config::default(),
        coded("gzip", Script::data(endless.chunks(500).map(<[u8]>::to_vec))),
        StatusCode::OK,
    )
    .await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(saw.bytes.len() < 13_000, "{}", saw.bytes.len());
}

#[tokio::test]
async fn broken_codings_are_400_and_unknown_ones_415() {
    let cut = gzip(b"hello")[..15].to_vec();
    for body in [cut, b"plain".to_vec(), [gzip(b"hello"), b"more".to_vec()].concat()] {
        // The application that stops at the announced end must not get past, either.
        let (response, _) =
            send(Config::default(), coded("gzip", Full::new(Bytes::from(body))), StatusCode::OK).await;
        assert_refused(&response, StatusCode::BAD_REQUEST);
    }
    for coding in ["zstd", "compress", "gzip, gzip", "aws-chunked"] {
        let (response, saw) =
            send(Config::default(), coded(coding, Full::new(Bytes::from_static(b"x"))), StatusCode::OK).await;
        assert_refused(&response, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(!saw.asked);
    }
}

#[tokio::test]
async fn a_request_without_a_body_is_not_looked_at() {
    for request in [
        Request::get("/").header(header::CONTENT_TYPE, "not a media type"),
        Request::post("/").header(header::CONTENT_ENCODING, "zstd").header(header::CONTENT_LENGTH, "0"),
    ] {
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let (response, saw) = send(Config::default(), request, StatusCode::OK).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(saw.asked && saw.bytes.is_empty());
    }
    // Coded, chunked and empty: there is nothing to inflate.
    let (response, _) = send(Config::default(), coded("gzip", Script::data([])), StatusCode::OK).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_get_with_a_body_has_the_same_limits() {
    let mut request = json(Full::new(Bytes::from(vec![b' '; 10_241])));
    *request.method_mut() = http::Method::GET;
    let (response, _) = send(Config::default(), request, StatusCode::OK).await;
    assert_refused(&response, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_upload_of_five_megabytes_streams_through() {
    for media_type in [Some("multipart/form-data; boundary=x"), Some("application/octet-stream"), None] {
        let mut request = Request::post("/").body(Script::data(vec![vec![7; 64 * 1024]; 80])).unwrap();
        if let Some(media_type) = media_type {
            request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        }
        let (response, saw) = send(Config::default(), request, StatusCode::OK).await;
        assert_eq!((response.status(), saw.frames.len()), (StatusCode::OK, 80), "{media_type:?}");
    }
}

#[tokio::test]
async fn only_listed_media_types_pass_where_there_is_a_list() {
    let status = async |content_type: Option<&str>| {
        let mut config = Config::default();
        config.media_types = ["application/json", "+json", "multipart/*"].map(String::from).to_vec();
        let mut request = Request::post("/").body(Full::new(Bytes::from_static(b"x"))).unwrap();
        if let Some(value) = content_type {
            request.headers_mut().insert(header::CONTENT_TYPE, value.parse().unwrap());
        }
        send(config, request, StatusCode::OK).await.0.status()
    };
    for passes in
        ["application/json; charset=utf-8", "application/ld+json", "multipart/form-data; boundary=x"]
    {
        assert_eq!(status(Some(passes)).await, StatusCode::OK, "{passes}");
    }
    for refused in [Some("text/plain"), Some("application/xml"), Some("json"), None] {
        assert_eq!(status(refused).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{refused:?}");
    }
}

#[tokio::test]
async fn report_mode_counts_and_lets_everything_through() {
    let before = counted("limit.body-unlimited").reported;
    let mut request = json(Script::data(vec![vec![b' '; 1_024]; 30]));
    let (response, saw) = send(report(), request, StatusCode::OK).await;
    assert_eq!((response.status(), saw.bytes.len()), (StatusCode::OK, 30 * 1_024));
    request = json(Script::data([vec![b' '; 30_000]]));
    request.headers_mut().insert(header::CONTENT_LENGTH, "30000".parse().unwrap());
    let (response, saw) = send(report(), request, StatusCode::OK).await;
    assert_eq!((response.status(), saw.bytes.len()), (StatusCode::OK, 30_000));
    assert_eq!(counted("limit.body-unlimited").reported - before, 2, "once for each body");

    let bomb = gzip(&vec![b' '; 1024 * 1024]);
    let (response, saw) = send(report(), coded("gzip", Script::data([bomb.clone()])), StatusCode::OK).await;
    assert_eq!((response.status(), saw.bytes), (StatusCode::OK, bomb));
    let (response, _) = send(report(), coded("zstd", Script::data([vec![0; 10]])), StatusCode::OK).await;
    assert_eq!(response.status(), StatusCode::OK);
}

fn counted(rule: &str) -> Count {
    let counts = portcullis::tally::snapshot();
    counts.into_iter().find(|(id, _)| *id == rule).map_or_else(Count::default, |(_, count)| count)
}

#[test]
fn a_limit_of_nothing_and_names_nobody_knows_are_errors() {
    let error = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        BodyLayer::new(config).unwrap_err().to_string()
    };
    assert_eq!(error(|config| config.max_bytes = 0), "max_bytes = 0: must be at least 1");
    assert_eq!(error(|config| config.max_upload_bytes = 0), "max_upload_bytes = 0: must be at least 1");
    assert!(
        error(|config| config.media_types = vec!["text/*".into(), "json".into()])
            .starts_with("media_types[1] = \"json\": must be a media type such as")
    );
    assert!(
        error(|config| config.content_codings = vec!["zstd".into()])
            .starts_with("content_codings[0] = \"zstd\": must be \"gzip\"")
    );
}

#[test]
fn the_section_is_read_strictly() {
    let config: Config =
        toml::from_str("mode = \"report\"\nmax_bytes = 102400\ncontent_codings = []").unwrap();
    assert_eq!((config.mode, config.max_bytes, config.max_upload_bytes), (Mode::Report, 102_400, 10_485_760));
    let error = toml::from_str::<Config>("max_byte = 1").unwrap_err().to_string();
    assert!(error.contains("unknown field `max_byte`"), "{error}");
}
