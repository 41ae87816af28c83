//! The public API from outside: one binary, one module a guard.

mod header;
mod header_vectors;
