//! Node as the judge.
