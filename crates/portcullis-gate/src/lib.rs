//! The reverse proxy made of the guards of Portcullis.
//!
//! A [`config::Config`] becomes a [`Gate`]; a gate binds its ports and serves on one thread per core: each with its own
//! accept loop, its own routes and its own connections to the application, so that nothing is shared on the way of a
//! request.

pub mod config;
mod counters;
mod gate;
mod listener;
mod redirect;
mod route;
mod stack;
pub mod upstream;

pub use self::{
    config::Config,
    gate::{Gate, StartError, Stop, check},
    listener::BindError,
};
