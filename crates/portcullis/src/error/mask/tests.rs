use super::*;

fn leak(body: &str) -> Option<Leak> {
    Leak::find(body.as_bytes(), None)
}

#[test]
fn stack_traces_of_every_runtime_are_found() {
    for trace in [
        // V8: Node, Deno, Bun, Chrome
        "Error: x\n    at f (/srv/app/x.js:1:2)",
        "Error: x\n    at /srv/app/x.js:1:2",
        "TypeError: x\n    at async file:///srv/app/x.mjs:10:5",
        "Error: x\n    at Object.<anonymous> (C:\\srv\\app\\x.js:1:2)",
        "Error: x\n    at Object.<anonymous> (C:\\Users\\Jane Doe\\app\\x.js:1:2)",
        "Error: x\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
        "Error: x\n    at Array.map (<anonymous>)\n",
        "Error: x<br> &nbsp; &nbsp;at f (&#x2F;srv&#x2F;app&#x2F;x.js:1:2)<br>",
        "at eval (eval at <anonymous> (webpack-internal:///./src/x.ts:3:9), <anonymous>:1:1)",
        r#"{"stack":"Error: x\n    at f (\/srv\/app\/x.js:1:2)"}"#,
        r#"{"e":"{\"stack\":\"Error\\n    at f (dist/x.js:1:2)\"}"}"#,
        r#"{"stack":["Error: x","at f (src/x.ts:1:2)"]}"#,
        // Firefox, Safari
        "f@http://127.0.0.1/x.js:1:2",
        // Python
        "Traceback (most recent call last):\n  File \"x.py\", line 3, in f",
        r#"{"detail":"  File \"x.py\", line 3, in f"}"#,
        r#"<li>File <cite class="filename">"views.py"</cite>, line <em class="line">3</em>"#,
        "<!-- \nTraceback (most recent call last):\n -->",
        "File \"<string>\", line 1, in <module>",
        // Java, Kotlin, Scala
        "java.lang.NullPointerException\n\tat com.example.App.main(App.java:12)",
        "\tat com.example.App.main(Unknown Source)",
        "\tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
        "Exception in thread \"main\" java.lang.Error",
        // PHP
        "Warning: x in index.php on line 3",
        "<b>Warning</b>: x in <b>index.php</b> on line <b>3</b>",
        "#0 /srv/www/index.php(12): f()\n#1 {main}",
        "PHP Fatal error:  Uncaught Exception: x",
        // Ruby
        "app/models/user.rb:12:in `find'",
        "app/models/user.rb:12:in 'User.find'",
        // Rust
        "thread 'main' panicked at src/main.rs:2:5:\nx",
        "stack backtrace:\n   0: rust_begin_unwind",
        // Go
        "goroutine 1 [running]:\nmain.main()\n\t/src/main.go:5 +0x1d",
        "panic: runtime error: index out of range",
        // .NET
        "   at App.Program.Main(String[] args) in C:\\src\\Program.cs:line 12",
        "   at App.Home.Index(Int32 id)\r\n   at System.Web.Mvc.Controller.Execute(RequestContext c)",
        // Perl, Elixir, Lua
        "died at script.pl line 12.",
        "(app 0.1.0) lib/app/user.ex:12: App.User.find/1\n    lib/x.ex:1:2",
    ] {
        assert_eq!(leak(trace), Some(Leak::Trace), "{trace}");
    }
}

#[test]
fn absolute_paths_are_found() {
    for path in [
        "not found: /srv/app/config.json",
        "{\"error\":\"cannot read /etc/ssl/private/key.pem\"}",
        "template '/var/www/site/index.html' is missing",
        "cwd=/home/node/app",
        "/home/alice/shop/config.json",
        "open /root/.ssh/id_rsa: denied",
        "(/usr/src/app/views)",
        "in /opt/bitnami/app",
        "/Users/jane/app",
        "upload failed: /tmp/3f2a9c",
        "ENOENT: no such file or directory, open '/app/data/x.json'",
        "{\"errno\":-2,\"code\":\"ENOENT\",\"syscall\":\"open\",\"path\":\"/app/uploads/x\"}",
        "[Errno 13] Permission denied: '/data/x'",
        "{\"message\":\"EACCES: permission denied, unlink \\\"/data/x\\\"\"}",
        "Failed to lookup view \"x\" in views directory \"/app/views\"",
        "Cannot find module '/code/x'",
        "[Errno 2] No such file or directory: '/data/x'",
        "Failed opening C:\\inetpub\\wwwroot\\web.config",
        "{\"path\":\"C:\\\\inetpub\\\\wwwroot\"}",
        "D:/apps/shop/config.json",
        "from node_modules/express/lib/router",
        "..\\node_modules\\express",
        "see file:///srv/app",
        "\u{feff}/\0s\0r\0v\0/\0a\0p\0p\0",
        "/app/server.ts:12",
    ] {
        assert!(matches!(leak(path), Some(Leak::Path | Leak::Trace)), "{path}: {:?}", leak(path));
    }
}

#[test]
fn words_of_database_drivers_are_found() {
    for words in [
        "SQLSTATE[42000]: Syntax error or access violation: 1064",
        "{\"error\":\"SQLITE_ERROR: near \\\"x\\\": syntax error\"}",
        "ERROR: syntax error at or near \"SELEC\"",
        "{\"message\":\"duplicate key value violates unique constraint \\\"users_email\\\"\"}",
        "E11000 duplicate key error collection: shop.users index: email_1",
        "ORA-00933: SQL command not properly ended",
        "You have an error in your SQL syntax; check the manual",
        "ER_BAD_FIELD_ERROR: Unknown column 'x' in 'where clause'",
        "SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email",
        "{\"message\":\"connect ECONNREFUSED 10.0.0.5:5432\"}",
        "getaddrinfo ENOTFOUND db.internal",
    ] {
        assert_eq!(leak(words), Some(Leak::Driver), "{words}");
    }
}

#[test]
fn what_an_application_says_to_its_clients_is_left_alone() {
    for clean in [
        "{\"error\":{\"message\":\"no route for /api/users\"}}",
        "{\"error\":\"not found\",\"path\":\"/home/settings\",\"next\":\"/app/login\"}",
        "{\"links\":{\"self\":\"/data/2/items\",\"docs\":\"https://example.com/docs/errors.html#12\"}}",
        "Cannot GET /missing",
        "Cannot POST /users/12/home/x",
        "see https://example.com/etc/passwd and http://localhost:3000/srv/x:80:90",
        "//cdn.example.com/usr/local/x",
        "<link href=\"/usr/share/site.css\"><script src=\"/node_modules/x/y.js\"></script><h1>404</h1>",
        "<script src='/main.js'></script><a href='/etc/terms'>terms</a>",
        "<script>location.assign('/home/dashboard')</script>",
        "Please try again at 12:30:45.",
        "[10/Oct/2026:13:55:36 +0000] too many requests at 10/Oct/2026:13:55:36",
        "{\"retryAt\":\"2026-11-20T22:12:29Z\"}",
        "{\"ratio\":\"1/2\",\"either\":\"and/or\",\"range\":\"10:20:30\"}",
        "Unexpected token x in JSON at position 5",
        "{\"errors\":[{\"msg\":\"Invalid value\",\"path\":\"email\",\"location\":\"body\"}]}",
        "Failed to decode param '%E0%A4%A'",
        "{\"stack\":\"full\",\"at\":\"work\"}",
        "Meet us at St. Mary (London)\nat noon",
        "Node.js, Vue.js: 3 of them; see react.js",
        "version 1.2.3:4:5, ip 127.0.0.1:80",
        "{\"file\":\"photo.jpg\",\"line\":3,\"schema.json\":\"1:2\"}",
        "Line 3, column 4: unexpected end",
        "the file index.php was not found",
        "{\"key\":\"c:\\n/d\",\"a\":\"b:\\\\\"}",
        "permission denied",
        "run it with 2> /dev/null",
        "{\"error\":\"Permission denied\",\"resource\":\"/admin/users\"}",
        "{\"ORDER_ID: \":1,\"USER_NAME: \":\"x\",\"ER_\":2}",
        "{\"logo\":\"data:image/png;base64,iVBORw0KGgo/srv+/AAAx/etc/x==\"}",
        "{\"next\":\"/login\",\"icons\":[\"/static/app.js\",\"/media/logo.png\"]}",
        "{\"error\":\"permission denied for 'admin'\"}",
        "We use SQL; ORA- is a prefix; ORACLE too",
        "email a@b.com/x, ~/home/x, ./srv/app, ../etc/x",
        "&#x27;/api&#x2F;v1&#x27;",
        "",
        "/",
        "////",
        "\\\\\\",
        ":1:2:3",
        "..js:1:1..",
    ] {
        assert_eq!(leak(clean), None, "{clean}");
    }
}

#[test]
fn what_the_client_asked_for_is_no_secret_to_it() {
    for (target, body) in [
        ("/home/alice/x/photo.png", "Cannot GET /home/alice/x/photo.png"),
        ("/etc/passwd", "<pre>Cannot GET /etc/passwd</pre>"),
        ("/srv/a%20b/c", "Cannot GET /srv/a%20b/c"),
        ("/x?file=%2Fvar%2Fwww%2Fx", "no such file: /var/www/x"),
        ("/x?file=/var/www/x", "ENOENT: no such file or directory, open '/var/www/x'"),
        ("/app.js:1:2", "Cannot GET /app.js:1:2"),
        ("/node_modules/x/y.js", "Cannot GET /node_modules/x/y.js"),
    ] {
        let target: PathAndQuery = target.parse().unwrap();
        assert_eq!(Leak::find(body.as_bytes(), Some(&target)), None, "{body}");
    }
    for (target, body) in [
        ("/etc/passwd", "ENOENT: no such file or directory, open '/srv/app/public/etc/passwd'"),
        ("/srv", "Cannot read /srv/app"),
        ("/srv/app/x.js", "at f (/srv/app/x.js:1:2)\nat g (/srv/app/y.js:1:2)"),
    ] {
        let target: PathAndQuery = target.parse().unwrap();
        assert!(Leak::find(body.as_bytes(), Some(&target)).is_some(), "{body}");
    }
}

#[test]
fn a_body_made_to_be_slow_is_read_in_good_time() {
    let target: PathAndQuery = format!("/{}", "/srv/a".repeat(1_300)).parse().unwrap();
    for unit in [
        "/srv/a ",
        "at ",
        ".js",
        ".js:1",
        "a.js:1:",
        "File \"",
        "<a",
        "<",
        "&#x2",
        "\\u00",
        "\\\\",
        "C:\\",
        "'/ENOENT",
        "node:",
        "goroutine 1",
        "/etc",
        "at a.b(",
        "\n",
        "://",
        "ORA-",
    ] {
        let body = unit.repeat(64 * 1024 / unit.len());
        let began = std::time::Instant::now();
        Leak::find(body.as_bytes(), Some(&target));
        let took = began.elapsed();
        // Unoptimised, on a busy machine; quadratic time would be minutes.
        assert!(took.as_secs() < 2, "{unit:?} took {took:?}");
    }
}

#[test]
fn the_log_gets_one_bounded_line() {
    assert_eq!(for_log(b"a\nb\x1b[31m\xff", 100), "a\\nb\\u{1b}[31m\u{fffd}");
    assert_eq!(for_log("\u{202e}x".as_bytes(), 100), "\\u{202e}x");
    assert_eq!(for_log(b"abcdef", 3), "abc…");
    assert_eq!(for_log(b"abc", 0), "…");
    assert!(for_log(&[0x1b; 10_000], 1_000).len() < 1_010);
}

#[test]
fn fields_of_the_body_and_fields_that_leak_go() {
    let mut head = HeaderMap::new();
    for (name, value) in [
        ("content-type", "text/html"),
        ("content-length", "5"),
        ("etag", "\"x\""),
        ("x-error", "at f (/srv/app/x.js:1:2)"),
        ("x-view", "/usr/src/app/views"),
        ("retry-after", "9"),
        ("set-cookie", "a=b; Path=/; HttpOnly"),
        ("set-cookie", "c=d; Path=/etc/x"),
        ("content-security-policy", "default-src 'none'"),
        ("allow", "GET"),
        ("location", "/home/settings"),
    ] {
        head.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    clear_head(&mut head, None);
    let mut left: Vec<_> = head.iter().map(|(name, _)| name.as_str()).collect();
    left.sort_unstable();
    assert_eq!(
        left,
        ["allow", "content-security-policy", "location", "retry-after", "set-cookie", "set-cookie"]
    );
}
