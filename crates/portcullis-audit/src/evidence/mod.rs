//! What a check may look at. Evidence is collected once; checks only read it.

pub(crate) mod document;
pub mod live;
pub mod lockfile;
pub mod manifest;
pub mod project;
