//! What Express itself answers, through the guard.
//!
//! The vectors leave out the bodies of development's error pages; those stand in `express_development.json`, made by
//! running the same routes.

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis::error::{Config, ErrorLayer};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::vectors;

#[test]
fn vectors_express_errors() {
    let development: Value = serde_json::from_str(include_str!("express_development.json")).unwrap();
    let counts = std::cell::Cell::new((0, 0));
    vectors::check("express-errors.json", |case| {
        let answered = answer(case, &development)?;
        let (status, body) = (answered.status(), answered.body().clone());
        let shows_inside = case["expect"]["body_contains_stack_trace"] == true;
        let masked = status.is_server_error() || (status.is_client_error() && shows_inside);

        let seen = through(Config::default(), case, answered.clone());
        same("status", &seen.status(), &status)?;
        if masked {
            counts.set((counts.get().0 + 1, counts.get().1));
            for inside in [
                "secret detail",
                "node_modules",
                "/srv/",
                "    at ",
                "&nbsp;at",
                "just text",
                "short and stout",
            ] {
                if seen.body().windows(inside.len()).any(|window| window == inside.as_bytes()) {
                    return Err(format!("the body still says {inside:?}"));
                }
            }
            same(
                "media type",
                &seen.headers()["content-type"].as_bytes(),
                &b"application/problem+json".as_ref(),
            )?;
            let problem: Value = serde_json::from_slice(seen.body()).map_err(|error| error.to_string())?;
            same("problem", &problem["status"], &Value::from(status.as_u16()))?;
            same("id", &problem["request_id"].as_str().map(str::len), &Some(24))?;
            same(
                "length",
                &seen.headers()["content-length"],
                &seen.body().len().to_string().parse().unwrap(),
            )?;
            for kept in ["retry-after", "content-security-policy", "x-content-type-options"] {
                same(kept, &seen.headers().get(kept), &answered.headers().get(kept))?;
            }
        } else {
            counts.set((counts.get().0, counts.get().1 + 1));
            same("body", seen.body(), &body)?;
            same("fields", seen.headers(), answered.headers())?;
        }

        let mut expose = Config::default();
        expose.dangerous_expose = true;
        let exposed = through(expose, case, answered.clone());
        same("exposed body", exposed.body(), &body)?;
        same("exposed fields", exposed.headers(), answered.headers())
    });
    let (masked, passed) = counts.get();
    assert!(masked > 0 && passed > 0, "{masked} masked, {passed} passed");
    #[allow(clippy::disallowed_macros)] // what ran is part of the proof
    {
        println!("  {masked} masked, {passed} passed byte for byte");
    }
}

/// What Express answered.
fn answer(case: &Value, development: &Value) -> Result<Response<Bytes>, String> {
    let (request, expect) = (&case["request"], &case["expect"]);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() =
        StatusCode::from_u16(u16::try_from(expect["status"].as_u64().unwrap()).unwrap()).unwrap();
    for (name, value) in expect["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.as_str().unwrap().parse().unwrap());
    }
    let route = format!("{} {}", request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
    let body = match expect["body"].as_str() {
        Some(body) => body,
        None => development[case["options"]["express"].as_str().unwrap()][&route]
            .as_str()
            .ok_or_else(|| format!("no page of development for {route}"))?,
    };
    *response.body_mut() = Bytes::copy_from_slice(body.as_bytes());
    Ok(response)
}

fn through(config: Config, case: &Value, answer: Response<Bytes>) -> Response<Bytes> {
    // The client library wrote what is no part of a target in percents.
    let path = case["request"]["path"].as_str().unwrap().replace('<', "%3C").replace('>', "%3E");
    let method = case["request"]["method"].as_str().unwrap();
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    let inner = service_fn(move |_| {
        let answer = answer.clone().map(Full::new);
        async { Ok::<_, std::convert::Infallible>(answer) }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = ErrorLayer::new(config).unwrap().layer(inner).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, expected {expected:?}")) }
}
