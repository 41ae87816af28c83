//! The guards' sections of a gate or a route.

use portcullis::{
    Mode,
    checklist::{self, Switch},
    client,
};
use serde::de::DeserializeOwned;

use super::{
    Route,
    document::{ROUTE_SECTIONS, Section},
    error::Problem,
};

/// Reads the section of every guard.
pub(super) fn read(
    section: &Section<'_, '_>,
    access_log: bool,
    problems: &mut Vec<Problem>,
) -> checklist::Config {
    problems.extend(ROUTE_SECTIONS.iter().filter_map(|name| section.not_a_table(name)));
    let mut config = checklist::Config::default();
    config.client = section.section("client").read::<client::Config>(problems);
    config.access_log = access_log;
    config.header = switch(&section.section("header"), problems);
    config.error = switch(&section.section("error"), problems);
    config.timeout = switch(&section.section("timeout"), problems);
    config.cors = switch(&section.section("cors"), problems);
    config.access = switch(&section.section("access"), problems);
    config.limit = switch(&section.section("limit"), problems);
    config.csrf = switch(&section.section("csrf"), problems);
    config.cookie = switch(&section.section("cookie"), problems);
    config.login = switch(&section.section("login"), problems);
    // Named once, a store is for both.
    if let (Switch::On(limit), Switch::On(login)) = (&config.limit, &mut config.login)
        && !section.section("login").has("store")
    {
        login.store = limit.store.clone();
    }
    config.body = switch(&section.section("body"), problems);
    config
}

fn switch<C: DeserializeOwned + Default>(
    section: &Section<'_, '_>,
    problems: &mut Vec<Problem>,
) -> Switch<C> {
    match section.off(problems) {
        Some(reason) => Switch::Off(reason),
        None => Switch::On(section.read(problems)),
    }
}

/// Every guard only counts and logs.
pub(super) fn report_only(guards: &mut checklist::Config) {
    fn set<C>(switch: &mut Switch<C>, mode: impl FnOnce(&mut C) -> &mut Mode) {
        if let Switch::On(config) = switch {
            *mode(config) = Mode::Report;
        }
    }
    set(&mut guards.header, |header| &mut header.mode);
    set(&mut guards.error, |error| &mut error.mode);
    set(&mut guards.timeout, |timeout| &mut timeout.mode);
    set(&mut guards.cors, |cors| &mut cors.mode);
    set(&mut guards.access, |access| &mut access.mode);
    set(&mut guards.limit, |limit| &mut limit.mode);
    set(&mut guards.csrf, |csrf| &mut csrf.mode);
    set(&mut guards.cookie, |cookie| &mut cookie.mode);
    set(&mut guards.login, |login| &mut login.mode);
    set(&mut guards.body, |body| &mut body.mode);
}

/// What a route does without, and what it was asked to do against advice.
pub(super) fn warnings(route: &Route, warnings: &mut Vec<String>) {
    fn off<C>(route: &Route, name: &str, switch: &Switch<C>, warnings: &mut Vec<String>) {
        if let Switch::Off(reason) = switch {
            warnings.push(format!("{}: {name} is off: {reason}", route.path));
        }
    }
    let guards = &route.guards;
    off(route, "header", &guards.header, warnings);
    off(route, "error", &guards.error, warnings);
    off(route, "timeout", &guards.timeout, warnings);
    off(route, "cors", &guards.cors, warnings);
    off(route, "access", &guards.access, warnings);
    off(route, "limit", &guards.limit, warnings);
    off(route, "csrf", &guards.csrf, warnings);
    off(route, "cookie", &guards.cookie, warnings);
    off(route, "login", &guards.login, warnings);
    off(route, "body", &guards.body, warnings);
    if let Switch::On(limit) = &guards.limit {
        let named =
            limit.off().map(|(name, reason)| format!("{}: limit.{name} is off: {reason}", route.path));
        warnings.extend(named);
    }
    if let Switch::On(error) = &guards.error
        && error.dangerous_expose
    {
        warnings.push(format!("{}: error.dangerous_expose: the application's errors are shown", route.path));
    }
    if let Switch::On(csrf) = &guards.csrf
        && csrf.dangerous_allow_same_site
    {
        warnings.push(format!(
            "{}: csrf.dangerous_allow_same_site: sibling hosts act in the user's name",
            route.path
        ));
    }
    if let Switch::On(cookie) = &guards.cookie
        && cookie.dangerous_allow_insecure
    {
        warnings.push(format!("{}: cookie.dangerous_allow_insecure: cookies travel without TLS", route.path));
    }
    if guards.client.dangerous_trust_all {
        warnings.push(format!("{}: client.dangerous_trust_all: every client can say who it is", route.path));
    }
}
