//! What a check may look at. Evidence is collected once; checks only read it.

pub mod live;
