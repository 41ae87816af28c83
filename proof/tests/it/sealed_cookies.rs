//! The cookies of an unmodified Express app, sealed and shortened by the gate.

use proof::{
    client::{Speaks, get},
    express::Express,
    gate::Gate,
};
use serde_json::json;

const SEALED: &str = r#"
[cookie]
seal = { names = ["connect.sid", "theme"], secret_env = ["PORTCULLIS_PROOF_SECRET"] }
max_age = { "connect.sid" = "8h", "auth_token" = "1h" }
"#;

#[tokio::test]
async fn an_app_finds_its_own_cookies_and_the_browser_finds_nothing_in_them() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), SEALED);
        let first = get(&gate, Speaks::Http1, "/count", &[]).await;
        let [session] = first.set_cookies()[..] else { panic!("{:?}", first.set_cookies()) };
        assert!(session.starts_with("__Host-") && !session.contains("s%3A"), "{session}");
        assert!(session.contains("; Max-Age=28800"), "{session}");
        let pair = session.split(';').next().unwrap();
        for (speaks, count) in [(Speaks::Http2, 2), (Speaks::Http1, 3)] {
            let answer = get(&gate, speaks, "/count", &[("cookie", pair)]).await;
            assert_eq!(answer.json(), json!({ "count": count }));
        }

        let cookies = get(&gate, Speaks::Http1, "/cookies", &[]).await;
        let of = |name: &str| {
            let all = cookies.set_cookies();
            let found = all.iter().find(|cookie| cookie.starts_with(&format!("{name}=")));
            (*found.unwrap_or_else(|| panic!("no {name} among {all:?}"))).to_owned()
        };
        assert!(!of("theme").contains("dark"));
        assert!(of("auth_token").contains("; Max-Age=3600"), "{}", of("auth_token"));
        assert!(
            of("XSRF-TOKEN").starts_with("XSRF-TOKEN=token-for-scripts"),
            "what is not named goes in clear"
        );

        let theme = of("theme").split(';').next().unwrap().to_owned();
        for (sent, seen) in
            [(theme.as_str(), json!("theme=dark")), ("theme=light", json!(null)), ("theme=AQAA", json!(null))]
        {
            let saw = get(&gate, Speaks::Http1, "/saw", &[("cookie", sent)]).await.json();
            assert_eq!(saw["headers"]["cookie"], seen, "{sent}");
        }
    }
}
