//! What is large or slow passes piece by piece.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use proof::{
    client::{Answer, Speaks, get, post, send, tls},
    express::Express,
    gate::Gate,
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// More than the gate may grow by, whatever passes through it.
const GROWTH_KIB: u64 = 16 * 1024;

#[tokio::test]
async fn a_5_mb_upload_streams_through_with_bounded_memory() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), "");
        let body: Vec<u8> =
            (0..5_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let hash = hexadecimal(&Sha256::digest(&body));
        let before = gate.resident_kib();
        let answer = post(&gate, "/upload", "application/octet-stream", body).await;
        assert_eq!(answer.json(), serde_json::json!({ "length": 5_000_000, "sha256": hash }));
        let growth = gate.resident_kib().saturating_sub(before);
        assert!(growth < GROWTH_KIB, "grew by {growth} KiB");
    }
}

#[tokio::test]
async fn a_50_mb_download_streams_through_with_bounded_memory() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let before = gate.resident_kib();
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let request = Request::get("/download").body(Full::default()).unwrap();
        let mut body = send(&gate, speaks, request).await.into_body();
        let (mut length, mut peak) = (0, 0);
        while let Some(frame) = body.frame().await {
            length += frame.unwrap().data_ref().map_or(0, Bytes::len);
            if length % (1 << 20) < 70_000 {
                // A client that is slower than the app: what it has not read may not pile up in the gate.
                tokio::time::sleep(Duration::from_millis(2)).await;
                peak = peak.max(gate.resident_kib());
            }
        }
        assert_eq!(length, 50 << 20, "{speaks:?}");
        let growth = peak.saturating_sub(before);
        assert!(growth < GROWTH_KIB, "{speaks:?} grew by {growth} KiB");
    }
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let started = Instant::now();
        let request = Request::get("/events").body(Full::default()).unwrap();
        let mut body = send(&gate, speaks, request).await.into_body();
        let mut arrivals = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.unwrap().into_data() else { continue };
            if !data.is_empty() {
                arrivals.push((String::from_utf8(data.to_vec()).unwrap(), started.elapsed()));
            }
        }
        let texts: Vec<&str> = arrivals.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"], "{speaks:?}");
        // The app leaves 300 ms between events; had they been held back, they would have come together.
        assert!(arrivals[2].1 > arrivals[0].1 + Duration::from_millis(300), "{arrivals:?}");
    }
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_gets_it() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let mut socket = tls(&gate, b"http/1.1").await;
    let head =
        b"POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\
                 Expect: 100-continue\r\nConnection: close\r\n\r\n";
    socket.write_all(head).await.unwrap();
    let mut interim = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    socket.read_exact(&mut interim).await.unwrap();
    assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"{\"a\":1}").await.unwrap();
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 201 ") && answer.ends_with("{\"got\":{\"a\":1}}"), "{answer}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_the_gate_as_it_was() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    for _ in 0..20 {
        let request = Request::get("/download").body(Full::default()).unwrap();
        let mut body = send(&gate, Speaks::Http1, request).await.into_body();
        assert!(body.frame().await.unwrap().is_ok());
        drop(body);
    }
    assert_eq!(get(&gate, Speaks::Http1, "/json", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn answers_of_many_streams_do_not_mix() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let ask = |number: usize| {
        let gate = &gate;
        async move {
            let path = format!("/saw?number={number}");
            let request = Request::get(path.as_str()).body(Full::default()).unwrap();
            let answer = Answer::read(send(gate, Speaks::Http2, request).await).await;
            assert_eq!(answer.json()["url"], path);
        }
    };
    for round in 0..5 {
        let number = round * 4;
        tokio::join!(ask(number), ask(number + 1), ask(number + 2), ask(number + 3));
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
