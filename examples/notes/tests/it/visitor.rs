//! A visitor with cookies and no browser.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::http::{Answer, request};

pub(crate) struct Visitor {
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Fields that every request carries.
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Visitor {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), fields: Vec::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// A form of our own pages: what browsers say of where it comes from is part of it.
    pub(crate) fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[FORM, ("Sec-Fetch-Site", "same-origin")], &encoded(form))
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = pairs.join("; ");
        let mut all: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(fields);
        if !cookie.is_empty() {
            all.push(("Cookie", &cookie));
        }
        let answer = request(self.address, method, path, &all, body);
        for cookie in answer.fields("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) fn sign_up(&mut self, name: &str) -> Answer {
        self.post("/signup", &[("username", name), ("password", PASSWORD)])
    }

    pub(crate) fn log_in(&mut self, name: &str) -> Answer {
        self.post("/login", &[("username", name), ("password", PASSWORD)])
    }

    /// Whether the app knows who this is.
    pub(crate) fn is_signed_in(&mut self) -> bool {
        let answer = self.get("/");
        match answer.status {
            200 => true,
            303 if answer.field("location") == Some("/login") => false,
            status => panic!("{status}: {}", answer.body),
        }
    }

    /// The session cookie as it is sent.
    pub(crate) fn session(&self) -> String {
        self.cookies.get("sid").expect("a session").clone()
    }
}

pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
pub(crate) const PASSWORD: &str = "correct horse battery staple";
