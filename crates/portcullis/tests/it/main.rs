//! The public API from outside, and the wire vectors.

mod body;
mod body_vectors;
mod client_vectors;
mod error;
mod error_vectors;
mod vectors;
