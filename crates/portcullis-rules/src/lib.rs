//! The rule catalogue of Portcullis: what must not be, why, and how to fix it.
