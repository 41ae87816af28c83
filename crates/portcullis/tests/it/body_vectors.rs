//! What body-parser 2.4 answers to a body, as far as size, coding, media type and charset decide it.
//!
//! Bytes go over a real HTTP/1.1 connection, through the guard, to an application that reads its body whole.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn as hyper_service};
use hyper_util::rt::TokioIo;
use portcullis::body::{BodyLayer, Config, MeteredBody};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::vectors;

/// Types of error with which body-parser says that the size, the coding or the charset is at fault. With all others
/// it found fault with the syntax, the parameters or the signature: that is for parsers.
const OURS: [&str; 3] = ["entity.too.large", "encoding.unsupported", "charset.unsupported"];

#[test]
fn vectors_body_parser() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counts = std::cell::RefCell::new(BTreeMap::<String, usize>::new());
    vectors::check("body-parser.json", |case| {
        let sent = bytes_of(&case["request"]);
        let feature = case["feature"].as_str().unwrap();
        let count = |what: &str| {
            *counts.borrow_mut().entry(format!("{what} ({feature})")).or_default() += 1;
        };
        if has_doubtful_framing(&sent.head) {
            // The parser and intake decide before any guard.
            count("framing, out of this guard's reach");
            return Ok(());
        }
        let half_close = case["request"]["half_close_after"].as_bool().unwrap_or(false);
        for (expect, codings) in
            [("expect", &["gzip", "deflate", "br"][..]), ("expect_express4", &["gzip", "deflate"])]
        {
            if case[expect].is_null() {
                continue;
            }
            let expected = &case[expect];
            let layer = BodyLayer::new(config(&case["options"], codings)).unwrap();
            let Seen { status, body } = runtime.block_on(exchange(layer, &sent, half_close));
            let Some(status_expected) = expected["status"].as_u64() else {
                // body-parser waits for the whole of a body that it will not take; the guard answers at once.
                count("answered where body-parser waits or hangs up");
                if status < 400 && body.is_some() {
                    return Err(format!("{expect}: {status}, body-parser never takes it"));
                }
                continue;
            };
            let ours = OURS.iter().any(|kind| expected["body"]["error"]["type"] == *kind)
                || (feature == "encoding" && status_expected != 200);
            if ours || feature == "length" {
                count("refused alike");
                if u64::from(status) != status_expected {
                    return Err(format!("{expect}: {status}, body-parser answers {status_expected}"));
                }
                if ours && body.is_some() {
                    return Err(format!("{expect}: the application saw the whole body"));
                }
            } else {
                count(if status_expected == 200 { "passed alike" } else { "passed on to a parser" });
                if status != 200 {
                    return Err(format!("{expect}: {status}, but size, type and coding are in order"));
                }
                if body.as_ref() != Some(&sent.body) {
                    return Err(format!("{expect}: the application saw other bytes"));
                }
            }
        }
        Ok(())
    });
    #[allow(clippy::disallowed_macros)] // what ran is part of the proof
    for (what, cases) in counts.into_inner() {
        println!("  {cases:3} {what}");
    }
}

/// body-parser's options in our words.
fn config(options: &Value, codings: &[&str]) -> Config {
    let mut config = Config::default();
    config.max_bytes = match &options["limit"] {
        Value::Null => 102_400,
        Value::Number(bytes) => bytes.as_u64().unwrap(),
        Value::String(text) => {
            let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap());
            let unit = match unit.trim().to_ascii_lowercase().as_str() {
                "b" => 1,
                "kb" => 1024,
                "mb" => 1024 * 1024,
                other => panic!("unit {other}"),
            };
            number.parse::<u64>().unwrap() * unit
        }
        other => panic!("limit {other}"),
    };
    let inflate = options["inflate"].as_bool().unwrap_or(true);
    config.content_codings =
        if inflate { codings.iter().map(ToString::to_string).collect() } else { Vec::new() };
    config
}

struct Sent {
    head: String,
    /// The content, without its framing.
    body: Vec<u8>,
    framed: Vec<u8>,
}

fn bytes_of(request: &Value) -> Sent {
    if let Some(raw) = request["raw_bytes"].as_str() {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        return Sent { head: format!("{head}\r\n\r\n"), body: body.into(), framed: body.into() };
    }
    let repeat = &request["body"]["$repeat"];
    let body = if let Some(text) = request["body"].as_str() {
        text.as_bytes().to_vec()
    } else if let Some(coded) = request["body_base64"].as_str() {
        STANDARD.decode(coded).unwrap()
    } else if repeat.is_object() {
        let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
        let part = |name: &str| repeat[name].as_str().unwrap_or_default().to_owned();
        [part("prefix"), part("char").repeat(times), part("suffix")].concat().into_bytes()
    } else {
        Vec::new()
    };
    let mut head = format!("{} {} HTTP/1.1\r\nHost: x\r\n", text(&request["method"]), text(&request["path"]));
    let mut chunked = false;
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        head.extend([name, ": ", text(value), "\r\n"]);
    }
    let mut framed = Vec::new();
    if chunked {
        for chunk in body.chunks(1_000) {
            framed.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            framed.extend(chunk);
            framed.extend(b"\r\n");
        }
        framed.extend(b"0\r\n\r\n");
    } else {
        if !head.to_ascii_lowercase().contains("\r\ncontent-length:") {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        framed.extend(&body);
    }
    head += "Connection: close\r\n\r\n";
    Sent { head, body, framed }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn has_doubtful_framing(head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    head.contains("\r\ncontent-length:") && head.contains("\r\ntransfer-encoding:")
}

struct Seen {
    status: u16,
    /// What the application read, if it could read to the end.
    body: Option<Vec<u8>>,
}

async fn exchange(layer: BodyLayer, sent: &Sent, half_close: bool) -> Seen {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let (report, mut reported) = mpsc::channel(1);
    let application = service_fn(move |request: Request<MeteredBody<Incoming>>| {
        let report = report.clone();
        async move {
            let read = request.into_body().collect().await;
            let status = if read.is_ok() { 200 } else { 400 };
            if let Ok(body) = read {
                report.send(body.to_bytes().to_vec()).await.unwrap();
            }
            let response = Response::builder().status(status).body(Full::<Bytes>::default()).unwrap();
            Ok::<_, Infallible>(response)
        }
    });
    let guarded = layer.layer(application);
    let connection = hyper::server::conn::http1::Builder::new().half_close(true).serve_connection(
        TokioIo::new(server),
        hyper_service(move |request| guarded.clone().oneshot(request)),
    );

    let (mut reader, mut writer) = tokio::io::split(client);
    let write = async {
        // The other side may have answered and closed before it read all.
        let _ = writer.write_all(sent.head.as_bytes()).await;
        let _ = writer.write_all(&sent.framed).await;
        if half_close {
            let _ = writer.shutdown().await;
        }
    };
    let read = async {
        let mut answer = Vec::new();
        let _ = reader.read_to_end(&mut answer).await;
        answer
    };
    let all = async { tokio::join!(connection, write, read) };
    let (_, (), answer) =
        tokio::time::timeout(Duration::from_secs(10), all).await.expect("an answer in time");
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Seen { status, body: reported.try_recv().ok() }
}
