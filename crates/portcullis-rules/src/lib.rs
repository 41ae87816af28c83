//! The rule catalogue of Portcullis.
//!
//! A *rule* names one thing that must not be, says what an attacker gains by it, and how to mend it. Guards
//! enforce rules and checks prove them; both point at the constant here, and nothing here points back. A
//! misspelt rule does not compile, and "find references" on a rule shows its guards and its checks.
//!
//! There is one module for each family, the word before the dot of the id. The constant is the rest of the id:
//!
//! ```
//! use portcullis_rules::{Severity, cookie, find, nearest};
//!
//! let rule = find("cookie.secure-missing").unwrap();
//! assert_eq!(*rule, cookie::SECURE_MISSING);
//! assert_eq!(rule.severity, Severity::High);
//! assert!(rule.fix.contains("secure: true"));
//!
//! assert!(find("cookie.secure-mising").is_none());
//! assert_eq!(*nearest("cookie.secure-mising")[0], cookie::SECURE_MISSING);
//! ```
#![forbid(unsafe_code)]

mod nearest;
mod rule;

pub mod auth;
pub mod authz;
pub mod cookie;
pub mod cors;
pub mod csrf;
pub mod data;
pub mod dependency;
pub mod error;
pub mod header;
pub mod injection;
pub mod limit;
pub mod operations;
pub mod tls;
pub mod validation;

pub use nearest::nearest;
pub use rule::{MissionDocument, Reference, Rule, RuleId, Severity, Status, UnknownSeverity};

/// The rules of each family, families and rules in alphabetical order.
const FAMILIES: [&[Rule]; 14] = [
    auth::RULES,
    authz::RULES,
    cookie::RULES,
    cors::RULES,
    csrf::RULES,
    data::RULES,
    dependency::RULES,
    error::RULES,
    header::RULES,
    injection::RULES,
    limit::RULES,
    operations::RULES,
    tls::RULES,
    validation::RULES,
];

/// Every rule, by id in alphabetical order.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten()
}

/// The rule with exactly this id.
///
/// For an id that is not there, [`nearest`] has suggestions.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.as_str() == id)
}
