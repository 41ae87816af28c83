//! The app as it is run: the binary, over HTTP and in a browser.

mod browser;
mod browsing;
mod http;
mod login;
mod notes;
mod server;
mod start;
mod visitor;
