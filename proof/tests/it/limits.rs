//! Nobody asks more often than agreed, and passwords are not guessed: real Express behind real gates.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use proof::{
    client::{Answer, get_bare},
    express::Express,
    gate::Gate,
    redis::Redis,
};
use sha2::{Digest, Sha256};
use tokio::net::TcpSocket;

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A connection from an address of the loopback network: all of 127/8 is this machine's.
async fn connection(to: SocketAddr, from: Ipv4Addr) -> SendRequest<Full<Bytes>> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).unwrap();
    let stream = socket.connect(to).await.unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn post(
    to: SocketAddr,
    from: Ipv4Addr,
    path: &str,
    media_type: &str,
    cookie: &str,
    body: &str,
) -> Answer {
    let request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", media_type)
        .header("cookie", cookie)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    Answer::read(connection(to, from).await.send_request(request).await.unwrap()).await
}

async fn login(gate: &Gate, from: Ipv4Addr, user: &str, password: &str, cookie: &str) -> Answer {
    let body = format!("{{\"username\":\"{user}\",\"password\":\"{password}\"}}");
    post(gate.http, from, "/login", "application/json", cookie, &body).await
}

async fn reached(app: &Express) -> u64 {
    get_bare(app.port, "/reached").await.json()["reached"].as_u64().unwrap()
}

/// The cookies that a browser would send back.
fn cookies(answer: &Answer) -> String {
    let pairs = answer.set_cookies().into_iter().map(|cookie| cookie.split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_burst_of_bad_logins_stops_and_the_right_user_gets_in_from_elsewhere() {
    for version in [5, 4] {
        let app = Express::start_app(version, "login.js");
        let gate = Gate::start_plain(&app.url(), "");
        let mut tries = Vec::new();
        for _ in 0..25 {
            let to = gate.http;
            tries.push(tokio::spawn(async move {
                let body = r#"{"username":"alice","password":"guess"}"#;
                post(to, LOCAL, "/login", "application/json", "", body).await.status
            }));
        }
        let mut refused = 0;
        for attempt in tries {
            let status = attempt.await.unwrap();
            assert!([401, 429].contains(&status.as_u16()), "{status}");
            refused += u64::from(status == 429);
        }
        let seen = reached(&app).await;
        assert!(
            (1..=5).contains(&seen) && refused == 25 - seen,
            "{seen} reached the app, {refused} were refused"
        );
        let elsewhere = login(&gate, Ipv4Addr::new(127, 0, 0, 2), "alice", "correct horse", "").await;
        assert_eq!(elsewhere.status, StatusCode::OK, "Express {version}");
        let refusal = login(&gate, LOCAL, "bob", "guess", "").await;
        assert_eq!(refusal.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refusal.field("content-type"), Some("application/problem+json"));
        let wait: u64 = refusal.field("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        println!("Express {version}: {seen} of 25 bad logins reached the app");
    }
}

#[tokio::test]
async fn two_hundred_addresses_do_not_guess_one_account_nor_lock_its_owner_out() {
    let app = Express::start_app(5, "login.js");
    let gate = Gate::start_plain(&app.url(), "");
    let home = Ipv4Addr::new(127, 9, 9, 9);
    let device = cookies(&login(&gate, home, "alice", "correct horse", "").await);
    assert!(device.contains("__Host-device="), "{device}");
    let before = reached(&app).await;
    for number in 0..200 {
        let answer = login(&gate, Ipv4Addr::new(127, 1, 1, number), "alice", "guess", "").await;
        assert!([401, 429].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    let guesses = reached(&app).await - before;
    assert!(guesses <= 21, "{guesses} guesses reached the app");
    // From a known device, and from anywhere.
    for from in [home, Ipv4Addr::new(127, 8, 8, 8)] {
        assert_eq!(login(&gate, from, "alice", "correct horse", &device).await.status, StatusCode::OK);
    }
    assert_eq!(login(&gate, home, "bob", "battery staple", "").await.status, StatusCode::OK);
    // The cookie is hers: for another name it is worth nothing, and the device itself may not guess without end.
    let mut reached_with_device = 0;
    for _ in 0..30 {
        reached_with_device += u32::from(login(&gate, home, "alice", "guess", &device).await.status == 401);
    }
    assert!(reached_with_device <= 10, "{reached_with_device}");
    println!("{guesses} of 200 distributed guesses reached the app");
}

#[tokio::test]
async fn ten_failures_in_a_row_block_the_pair_and_a_success_begins_anew() {
    let app = Express::start_app(5, "login.js");
    let gate = Gate::start_plain(
        &app.url(),
        "[login]\nburst = { tries = 0 }\n[limit]\nlogin = { off = \"to see what the login guard does alone\" }\n",
    );
    for _ in 0..10 {
        assert_eq!(login(&gate, LOCAL, "alice", "guess", "").await.status, 401);
    }
    // However it is spelt.
    assert_eq!(login(&gate, LOCAL, " ALICE ", "guess", "").await.status, 429);
    let refusal = login(&gate, LOCAL, "alice", "correct horse", "").await;
    assert_eq!(refusal.status, 429, "the right password while blocked");
    let wait: u64 = refusal.field("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&wait), "{wait}");
    for _ in 0..2 {
        for _ in 0..8 {
            assert_eq!(login(&gate, LOCAL, "bob", "guess", "").await.status, 401);
        }
        assert_eq!(login(&gate, LOCAL, "bob", "battery staple", "").await.status, 200);
    }
    let log = gate.log();
    assert!(!log.contains("alice") && !log.contains("bob"), "names are hashed in the log");
}

#[tokio::test]
async fn failures_are_told_from_redirects_and_pages_too() {
    let app = Express::start_app(5, "login.js");
    for path in ["/signin", "/users/login"] {
        let gate = Gate::start_plain(
            &app.url(),
            "[login]\nburst = { tries = 0 }\npair = { limit = 3, window = \"1h\", block = \"1h\" }\n",
        );
        let sign_in = async |password: &str| {
            let body = format!("username=alice&password={password}");
            post(gate.http, LOCAL, path, "application/x-www-form-urlencoded", "", &body).await
        };
        for _ in 0..2 {
            for _ in 0..3 {
                assert_ne!(sign_in("guess").await.status, 429, "{path}");
            }
            let welcome = sign_in("correct+horse").await;
            assert!(cookies(&welcome).contains("__Host-device="), "{path}: {:?}", welcome.headers);
        }
        for _ in 0..4 {
            sign_in("guess").await;
        }
        assert_eq!(sign_in("correct+horse").await.status, 429, "{path}");
    }
}

#[tokio::test]
async fn a_login_goes_on_byte_for_byte() {
    let app = Express::start_app(5, "login.js");
    let gate = Gate::start_plain(&app.url(), "");
    let body = " {\"password\":\"correct horse\",\r\n\t\"username\":\"alice\", \"more\": [1.50, {}]}\n";
    let answer = post(gate.http, LOCAL, "/login", "application/json", "", body).await;
    let sha256 =
        Sha256::digest(body.as_bytes()).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(answer.json()["sha256"], sha256.as_str());
    for (unreadable, status) in [("{\"username\":", 400), (&"x".repeat(20_000), 413)] {
        let answer = post(gate.http, LOCAL, "/login", "application/json", "", unreadable).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    assert_eq!(reached(&app).await, 1);
}

#[tokio::test]
async fn too_many_requests_are_refused_with_the_time_to_come_again() {
    let app = Express::start_app(5, "login.js");
    let gate = Gate::start_plain(&app.url(), "[limit]\ngeneral = { limit = 5 }\n");
    let mut sender = connection(gate.http, LOCAL).await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let request = Request::get("/").header("host", "localhost").body(Full::default()).unwrap();
        answers.push(Answer::read(sender.send_request(request).await.unwrap()).await);
    }
    assert!(answers[..5].iter().all(|answer| answer.status == 200));
    assert_eq!(answers[0].field("ratelimit"), Some("\"5-in-1min\"; r=4; t=12"));
    assert!(answers[0].field("ratelimit-policy").unwrap().starts_with("\"5-in-1min\"; q=5; w=60; pk=:"));
    let refused = &answers[5];
    assert_eq!((refused.status, refused.field("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("12")));
    assert_eq!(refused.field("content-type"), Some("application/problem+json"));
    assert!(refused.field("content-security-policy").is_some());
}

/// A gate that has waited for Redis longer than the deadline counts by itself, so a machine that runs many tests needs a long one
/// where the count is to be exact.
fn three_gates(app: &Express, redis: &Redis, limit: &str, deadline: &str) -> Vec<Gate> {
    let config = format!(
        "[limit]\n{limit}\n[limit.store]\nurl_file = \"{}\"\ndeadline = \"{deadline}\"\n[login]\nsecret_file = \"{}\"\n",
        redis.url_file().display(),
        redis.secret_file().display()
    );
    (0..3).map(|_| Gate::start_plain(&app.url(), &config)).collect()
}

/// `each` requests on each of four connections to each gate; how many passed, and how many were refused.
async fn load(gates: &[SocketAddr], each: usize) -> (usize, usize) {
    let mut tasks = Vec::new();
    for gate in gates {
        for _ in 0..4 {
            let to = *gate;
            tasks.push(tokio::spawn(async move {
                let (mut passed, mut refused) = (0, 0);
                let mut sender = connection(to, LOCAL).await;
                for _ in 0..each {
                    let request =
                        Request::get("/").header("host", "localhost").body(Full::default()).unwrap();
                    let Ok(response) = sender.send_request(request).await else { break };
                    match response.status().as_u16() {
                        200 => passed += 1,
                        429 => refused += 1,
                        other => panic!("{other}"),
                    }
                    Answer::read(response).await;
                }
                (passed, refused)
            }));
        }
    }
    let (mut passed, mut refused) = (0, 0);
    for task in tasks {
        let counts = task.await.unwrap();
        passed += counts.0;
        refused += counts.1;
    }
    (passed, refused)
}

const THOUSAND: &str = "general = { limit = 1000, window = \"1m\", algorithm = \"fixed-window\" }";

async fn asked(app: &Express) -> usize {
    // The one that asks counts itself.
    usize::try_from(get_bare(app.port, "/reached").await.json()["asked"].as_u64().unwrap()).unwrap() - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_gates_and_one_redis_pass_exactly_a_thousand() {
    let app = Express::start_app(5, "login.js");
    let redis = Redis::start();
    let gates = three_gates(&app, &redis, THOUSAND, "5s");
    let addresses: Vec<SocketAddr> = gates.iter().map(|gate| gate.http).collect();
    let began = Instant::now();
    let (passed, refused) = load(&addresses, 120).await;
    assert!(began.elapsed() < Duration::from_secs(55), "the minute was over: {:?}", began.elapsed());
    assert_eq!((passed, refused, asked(&app).await), (1000, 440, 1000));
    println!("1,440 requests through three gates in {:?}: {passed} passed", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_that_is_killed_takes_no_more_along_than_it_had_in_hand() {
    let app = Express::start_app(5, "login.js");
    let redis = Redis::start();
    let mut gates = three_gates(&app, &redis, THOUSAND, "5s");
    let addresses: Vec<SocketAddr> = gates.iter().map(|gate| gate.http).collect();
    let began = Instant::now();
    let killed = gates.pop().unwrap();
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(killed); // SIGKILL
    };
    let ((passed, _), ()) = tokio::join!(load(&addresses, 250), kill);
    assert!(began.elapsed() < Duration::from_secs(55), "the minute was over: {:?}", began.elapsed());
    let seen = asked(&app).await;
    // Each of its four connections may have had one request that was counted and not yet sent on, or not yet answered.
    assert!((996..=1000).contains(&seen) && (996..=1000).contains(&passed), "{seen} seen, {passed} passed");
    let (passed, refused) = load(&addresses[..2], 5).await;
    assert_eq!((passed, refused), (0, 40), "whoever is left counts on");
}

#[tokio::test]
async fn without_redis_a_gate_counts_by_itself_and_counts_together_again_after() {
    let app = Express::start_app(5, "login.js");
    let mut redis = Redis::start();
    let limit = "general = { limit = 5, window = \"10m\", algorithm = \"fixed-window\" }";
    let gates = three_gates(&app, &redis, limit, "1s");
    let addresses: Vec<SocketAddr> = gates.iter().map(|gate| gate.http).collect();
    assert_eq!(load(&addresses, 3).await, (5, 31));
    redis.kill();
    let began = Instant::now();
    // Five for each gate, in its own memory.
    assert_eq!(load(&addresses, 3).await, (15, 21));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    redis.restart();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if gates.iter().all(|gate| gate.log().matches("Redis answers").count() >= 2) {
            break;
        }
    }
    // They count together again, and what was counted before is on its disk.
    assert_eq!(load(&addresses, 3).await, (0, 36));
}
