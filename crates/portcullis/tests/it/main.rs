//! The public API from outside, and the wire vectors.

mod client_vectors;
mod vectors;
