//! A real browser: headless Chromium, driven over `WebDriver` (W3C) by chromedriver.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::http::request;

pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    /// The path of the session.
    session: String,
}

impl Browser {
    pub(crate) fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver (Debian: chromium-driver)");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| line.split_once("successfully on port ").map(|(_, rest)| rest.to_owned()))
            .expect("chromedriver says its port");
        thread::spawn(move || lines.for_each(drop));
        let port = port.trim_end_matches('.').parse().unwrap();
        let mut browser = Self { driver, address: ([127, 0, 0, 1], port).into(), session: String::new() };
        // Debian's Chromium does not start as root with its sandbox, and a container has a small /dev/shm.
        let arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = browser.ask("POST", "/session", &capabilities);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        self.get("url").as_str().unwrap().to_owned()
    }

    /// Types into a field, in place of what is in it.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("element/{element}/clear"), &json!({}));
        self.post(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Clicks on a button that sends a form, and waits for the page that comes.
    pub(crate) fn submit(&self, selector: &str) {
        let element = self.find(selector);
        self.run("window.isLeft = true");
        self.post(&format!("element/{element}/click"), &json!({}));
        let script = "return !window.isLeft && document.readyState === 'complete'";
        let arguments = json!({ "script": script, "args": [] });
        let deadline = Instant::now() + Duration::from_secs(10);
        // Between two pages there is nothing to run a script in, which is an error like any other.
        while self.attempt("POST", &format!("{}/execute/sync", self.session), &arguments) != Ok(json!(true)) {
            assert!(Instant::now() < deadline, "no page after a click on {selector}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a reader sees of an element.
    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        self.get(&format!("element/{element}/text")).as_str().unwrap().to_owned()
    }

    /// What a script on the page returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    pub(crate) fn cookies(&self) -> Vec<Value> {
        self.get("cookie").as_array().unwrap().clone()
    }

    /// The console since the last call: what a policy refused stands in it.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.post("se/log", &json!({ "type": "browser" }));
        lines.as_array().unwrap().iter().map(|line| line["message"].to_string()).collect()
    }

    fn find(&self, selector: &str) -> String {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", &format!("{}/{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, arguments: &Value) -> Value {
        self.ask("POST", &format!("{}/{path}", self.session), arguments)
    }

    fn ask(&self, method: &str, path: &str, arguments: &Value) -> Value {
        let answer = self.attempt(method, path, arguments);
        answer.unwrap_or_else(|error| panic!("{method} {path} {arguments}: {error}"))
    }

    fn attempt(&self, method: &str, path: &str, arguments: &Value) -> Result<Value, String> {
        let body = if arguments.is_null() { String::new() } else { arguments.to_string() };
        let json = [("Content-Type", "application/json")];
        let answer = request(self.address, method, path, &json, &body);
        match answer.status {
            200 => Ok(serde_json::from_str::<Value>(&answer.body).unwrap()["value"].take()),
            _ => Err(answer.body),
        }
    }
}

impl Drop for Browser {
    /// Closes Chromium with the driver, also after a failed assertion.
    fn drop(&mut self) {
        let address = self.address;
        let _ = thread::spawn(move || request(address, "GET", "/shutdown", &[], "")).join();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && matches!(self.driver.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
