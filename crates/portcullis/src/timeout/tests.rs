use std::{convert::Infallible, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use tokio::sync::mpsc;
use tower::{Layer, ServiceExt, service_fn};

use super::{Config, PacedBody, TimeoutLayer};
use crate::{Mode, Refusal};

/// A body fed by the test.
struct Fed(mpsc::Receiver<Bytes>);

impl Body for Fed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn config() -> Config {
    Config {
        body_grace: Duration::from_secs(10),
        min_body_bytes_per_second: 500,
        response: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        total: Duration::from_secs(600),
        mode: Mode::Enforce,
    }
}

/// Sends `bytes` every `every` to a service that reads all of its body, and gives the status and the virtual seconds it took.
async fn upload(config: Config, bytes: usize, every: Duration, times: usize) -> (StatusCode, u64) {
    let reads_all = service_fn(|request: Request<PacedBody<Fed>>| async move {
        let whole = request.into_body().collect().await;
        let status = if whole.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        Ok::<_, Infallible>(Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap())
    });
    let (feed, incoming) = mpsc::channel(1);
    let sending = tokio::spawn(async move {
        for _ in 0..times {
            tokio::time::sleep(every).await;
            if feed.send(Bytes::from(vec![b'x'; bytes])).await.is_err() {
                return;
            }
        }
    });
    let started = tokio::time::Instant::now();
    let service = TimeoutLayer::new(config).unwrap().layer(reads_all);
    let response = service.oneshot(Request::post("/").body(Fed(incoming)).unwrap()).await.unwrap();
    sending.abort();
    (response.status(), started.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_body_a_byte_at_a_time_is_refused_within_its_grace() {
    let (status, seconds) = upload(config(), 1, Duration::from_secs(1), 10_000).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!((9..=12).contains(&seconds), "{seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_slow_but_steady_body_passes_however_long_it_takes() {
    let (status, seconds) = upload(config(), 1000, Duration::from_secs(1), 100).await;
    assert_eq!((status, seconds), (StatusCode::OK, 100));
}

#[tokio::test(start_paused = true)]
async fn in_report_mode_a_slow_body_goes_on() {
    let config = Config { mode: Mode::Report, ..config() };
    assert_eq!(upload(config, 1, Duration::from_secs(1), 20).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_answered_for() {
    let hangs = service_fn(|_: Request<PacedBody<Empty<Bytes>>>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    });
    let service = TimeoutLayer::new(config()).unwrap().layer(hangs);
    let response = service.oneshot(Request::new(Empty::new())).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(response.extensions().get::<Refusal>().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_pauses_too_long_is_cut_off_visibly() {
    let (feed, incoming) = mpsc::channel(1);
    feed.send(Bytes::from_static(b"first")).await.unwrap();
    let mut unread = Some(incoming);
    let pauses = service_fn(move |_: Request<PacedBody<Empty<Bytes>>>| {
        let body = unread.take().map(|incoming| MaybeFed(Some(Fed(incoming)))).unwrap_or_default();
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let service = TimeoutLayer::new(config()).unwrap().layer(pauses);
    let response = service.oneshot(Request::new(Empty::new())).await.unwrap();
    let mut body = std::pin::pin!(response.into_body());
    assert!(body.frame().await.unwrap().is_ok());
    assert!(body.frame().await.unwrap().is_err());
    drop(feed);
}

/// `Fed`, with the empty body that refusals need.
#[derive(Default)]
struct MaybeFed(Option<Fed>);

impl Body for MaybeFed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Some(fed) => Pin::new(fed).poll_frame(cx),
            None => std::task::Poll::Ready(None),
        }
    }
}
