use std::path::Path;

use portcullis::checklist::Switch;

use super::{Config, Target};

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("portcullis.toml"), text).map_err(|error| error.to_string())
}

/// What every gate needs, before what a test is about.
const BASIS: &str = "[tls]\ndevelopment = true\n[upstream]\nto = \"http://127.0.0.1:3000\"\n";

fn wrong(text: &str) -> String {
    parse(&format!("{BASIS}{text}")).unwrap_err()
}

#[test]
fn the_least_that_a_gate_needs_is_a_certificate_and_an_application() {
    let config = parse(BASIS).unwrap();
    assert!(config.listen.https.is_some_and(|address| address.ip().is_loopback()));
    assert_eq!(config.routes.len(), 1);
}

#[test]
fn an_empty_file_says_what_is_missing() {
    let error = parse("").unwrap_err();
    assert!(error.contains("tls.certificate: is absent") && error.contains("upstream.to: is"), "{error}");
}

#[test]
fn a_mistake_is_named_by_file_line_and_key_with_what_would_be_right() {
    for (text, expected) in [
        (
            "[body]\nmax_byts = 1",
            "portcullis.toml:6: body.max_byts: unknown key `max_byts`; did you mean `max_bytes`?",
        ),
        (
            "[body]\nmax_bytes = \"ten\"",
            "portcullis.toml:6: body.max_bytes: invalid type: string \"ten\", expected u64",
        ),
        ("[coookie]\nx = 1", "portcullis.toml:5: coookie: unknown; did you mean `cookie`?"),
        (
            "[timeout]\nresponse = \"30 seconds\"",
            "portcullis.toml:6: timeout.response: `30 seconds` is not a duration such as",
        ),
        (
            "[access]\ndeny = [{ path = \"admin\" }]",
            "portcullis.toml:6: access.deny[0].path: is admin; must be a path such as",
        ),
        ("[[route]]\npath = \"api\"", "portcullis.toml:6: route[0].path: is \"api\"; must be a path such as"),
        (
            "[[route]]\npath = \"/a\"\n[[route]]\npath = \"/A\"",
            "portcullis.toml:8: route[1].path: is \"/A\"; must be a path that no other",
        ),
        (
            "[[route]]\npath = \"/s\"\nstatic_files = { root = \"/no/such\" }",
            "must be a directory that exists",
        ),
        (
            "[csrf]\ntrusted_origins = [\"https://a.example\", \"https://b.example/\"]",
            "portcullis.toml:6: csrf.trusted_origins[1]: is \"https://b.example/\"; must be an origin as browsers",
        ),
        (
            "[csrf]\nmissing_origin = \"no\"",
            "portcullis.toml:6: csrf.missing_origin: unknown variant `no`, expected one of `pass`, `refuse-credentials`",
        ),
        ("[cookie]\noff = \"\"", "portcullis.toml:6: cookie.off: must be the reason, in words"),
        (
            "[header]\npreset = \"loose\"",
            "portcullis.toml:6: header.preset: unknown variant `loose`, expected `strict` or `helmet`",
        ),
        (
            "[serve]\nmax_connections = 0",
            "portcullis.toml:6: serve.max_connections: is 0; must be at least 1",
        ),
        ("[listen]\nworkers = 0", "portcullis.toml:6: listen.workers: is 0; must be at least 1"),
        ("x = = 1", "portcullis.toml:5:"),
        ("header = 1\n", "portcullis.toml:5"),
    ] {
        let error = wrong(text);
        assert!(error.contains(expected), "{text}\n  said:     {error}\n  expected: {expected}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let error =
        wrong("[body]\nmax_byts = 1\nmax_bytes = \"x\"\n[timeout]\nidle = 3\n[[route]]\npath = \"x\"\n");
    assert_eq!(error.lines().count(), 4, "{error}");
}

#[test]
fn what_cannot_be_true_together_is_refused() {
    for (text, expected) in [
        ("[listen]\nhttp = \"127.0.0.1:1\"\nhttps = \"127.0.0.1:1\"\n", "listen.http"),
        ("[client]\ntrust_proxy = 1\ndangerous_trust_all = true\n", "client.dangerous_trust_all"),
    ] {
        let error = wrong(text);
        assert!(error.contains(expected), "{error}");
    }
    let error = parse("[tls]\ncertificate = \"c.pem\"\n[upstream]\nto = \"http://a\"\n").unwrap_err();
    assert!(error.contains("tls.key: is absent"), "{error}");
}

#[test]
fn a_route_is_laid_over_the_gates_own_settings_key_by_key() {
    let text = format!(
        "{BASIS}[body]\nmax_bytes = 5\nmax_upload_bytes = 6\n[[route]]\npath = \"/up/\"\nbody = {{ max_upload_bytes = 7 }}\n"
    );
    let config = parse(&text).unwrap();
    let [root, upload] = config.routes.as_slice() else { panic!("{:?}", config.routes) };
    assert_eq!((root.path.as_str(), upload.path.as_str()), ("/", "/up"));
    let (Switch::On(root), Switch::On(upload)) = (&root.guards.body, &upload.guards.body) else {
        panic!("off")
    };
    assert_eq!((root.max_bytes, root.max_upload_bytes), (5, 6));
    assert_eq!((upload.max_bytes, upload.max_upload_bytes), (5, 7));
}

#[test]
fn a_guard_is_off_only_with_a_reason_which_is_shown() {
    let config =
        parse(&format!("{BASIS}[[route]]\npath = \"/api\"\ncookie = {{ off = \"bearer tokens only\" }}\n"))
            .unwrap();
    assert!(
        config.warnings().contains(&"/api: cookie is off: bearer tokens only".to_owned()),
        "{:?}",
        config.warnings()
    );
}

#[test]
fn csrf_is_on_everywhere_and_off_where_a_route_says_why() {
    let config = parse(&format!(
        "{BASIS}[csrf]\ntrusted_origins = [\"https://app.example\"]\n\
         [[route]]\npath = \"/hooks\"\ncsrf = {{ off = \"signed webhooks\" }}\n\
         [[route]]\npath = \"/old\"\ncsrf = {{ missing_origin = \"refuse\", judge_get = true, dangerous_allow_same_site = true }}\n"
    ))
    .unwrap();
    let warnings = config.warnings();
    assert!(warnings.contains(&"/hooks: csrf is off: signed webhooks".to_owned()), "{warnings:?}");
    assert!(
        warnings.iter().any(|line| line.starts_with("/old: csrf.dangerous_allow_same_site")),
        "{warnings:?}"
    );
    let [root, hooks, old] = config.routes.as_slice() else { panic!("{:?}", config.routes) };
    assert!(matches!(&root.guards.csrf, Switch::On(csrf) if csrf.trusted_origins == ["https://app.example"]));
    assert!(matches!(&hooks.guards.csrf, Switch::Off(_)));
    let Switch::On(old) = &old.guards.csrf else { panic!("off") };
    assert_eq!(old.trusted_origins, ["https://app.example"]);
    assert_eq!(old.missing_origin, portcullis::csrf::MissingOrigin::Refuse);
    assert!(old.judge_get);
}

#[test]
fn a_route_may_have_an_application_of_its_own() {
    let config = parse(&format!(
        "{BASIS}[[route]]\npath = \"/api\"\nupstream = {{ to = \"http://127.0.0.1:4000\" }}\n"
    ))
    .unwrap();
    let targets: Vec<&str> = config
        .routes
        .iter()
        .filter_map(|route| match &route.target {
            Target::Upstream(upstream) => Some(upstream.to.as_str()),
            Target::Files(_) => None,
        })
        .collect();
    assert_eq!(targets, ["http://127.0.0.1:3000", "http://127.0.0.1:4000"]);
}
