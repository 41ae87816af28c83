//! What a rule is made of.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// One thing that must not be: what it is, what an attacker gains by it, and how to mend it.
///
/// Rules are constants. Two rules are equal when their ids are.
///
/// ```
/// use portcullis_rules::{Severity, cookie};
///
/// let rule = cookie::SECURE_MISSING;
/// assert_eq!(rule.id.as_str(), "cookie.secure-missing");
/// assert_eq!(rule.family(), "cookie");
/// assert!(rule.severity >= Severity::Medium);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The stable name, the same in logs, configuration, reports and documentation.
    pub id: RuleId,
    /// What is wrong, at most 80 characters, without a final full stop.
    pub title: &'static str,
    /// How bad the ordinary case is. A finding may say less or more where it knows more.
    pub severity: Severity,
    /// How settled the rule is.
    pub status: Status,
    /// What an attacker gains, or what breaks, in one to three sentences.
    pub why: &'static str,
    /// What to do: in Express first, then what Portcullis does where it has a guard.
    pub fix: &'static str,
    /// Where the demand comes from.
    pub references: &'static [Reference],
}

impl Rule {
    /// The word before the dot of the id, which is also the name of the module that holds the constant.
    pub const fn family(&self) -> &'static str {
        self.id.family()
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl fmt::Display for Rule {
    /// Writes `id: title`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.title)
    }
}

/// The stable name of a rule: `family.what-is-wrong`, lower-case ASCII.
///
/// An id is never used again for something else. Only this crate makes one, so an id that exists is a rule's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

impl RuleId {
    pub(crate) const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The whole id, `cookie.secure-missing`.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// The word before the dot, `cookie`.
    pub const fn family(&self) -> &'static str {
        self.0.split_at(dot(self.0)).0
    }

    /// What follows the dot, `secure-missing`.
    pub const fn name(&self) -> &'static str {
        let (_, dot_and_name) = self.0.split_at(dot(self.0));
        if dot_and_name.is_empty() {
            ""
        } else {
            dot_and_name.split_at(1).1
        }
    }
}

impl AsRef<str> for RuleId {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// How bad a broken rule is when nothing else is known of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know; nothing is open.
    Info,
    /// Helps an attacker who already has something else, or costs a second line of defence.
    Low,
    /// Open when a common condition holds: a network in between, a second flaw, a careless user.
    Medium,
    /// Open to an outsider: accounts, data or availability are lost.
    High,
    /// Gives the server, the database or every account away in one step.
    Critical,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The lower-case word, as `Display` writes it and `FromStr` reads it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    /// Reads the word in any letter case.
    fn from_str(word: &str) -> Result<Self, UnknownSeverity> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownSeverity {
                word: word.to_owned(),
            })
    }
}

/// A word that is no severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSeverity {
    word: String,
}

impl fmt::Display for UnknownSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no severity: use info, low, medium, high or critical",
            self.word
        )
    }
}

impl Error for UnknownSeverity {}

/// How settled a rule is. The id is stable in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// What breaks the rule is settled.
    Stable,
    /// What exactly breaks the rule may still sharpen.
    Preview,
    /// Only a person who knows the application can decide: a check can point at a place, not judge it.
    Review,
}

impl Status {
    /// The lower-case word, as `Display` writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Preview => "preview",
            Self::Review => "review",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reference {
    /// One of the checklists that this project holds an application to.
    Mission(MissionDocument),
    /// None of those checklists asks for it, or not like this: practice that came after them.
    Modern,
    /// Number of a weakness in the Common Weakness Enumeration.
    Cwe(u32),
    /// Requirement of OWASP ASVS 5.0, `3.3.1`; with two numbers, the whole section.
    Asvs(&'static str),
    /// Number of an RFC.
    Rfc(u32),
    /// Name of a W3C or WHATWG specification.
    Web(&'static str),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mission(document) => document.fmt(f),
            Self::Modern => f.write_str("modern practice"),
            Self::Cwe(number) => write!(f, "CWE-{number}"),
            Self::Asvs(requirement) => write!(f, "OWASP ASVS 5.0, {requirement}"),
            Self::Rfc(number) => write!(f, "RFC {number}"),
            Self::Web(name) => f.write_str(name),
        }
    }
}

/// The checklists for Express in production from which the catalogue started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissionDocument {
    /// "Best Practices for Express in Production, Part One: Security" (2015), written for `strongloop.com`.
    StrongLoop,
    /// "Security Best Practices for Using Express Apps in Production", John Au-Yeung.
    AuYeung,
    /// "Production Best Practices: Security" of the Express guide.
    ExpressGuide,
    /// "Writing Secure Express.js Apps", Lift Security, 2012, for Express 3.
    LiftSecurity,
    /// Safeguard's guide to hardening Express for production.
    Safeguard,
}

impl MissionDocument {
    /// Every document, in the order of their numbers, `000` to `004`.
    pub const ALL: [Self; 5] = [
        Self::StrongLoop,
        Self::AuYeung,
        Self::ExpressGuide,
        Self::LiftSecurity,
        Self::Safeguard,
    ];

    /// Title and author.
    pub const fn title(self) -> &'static str {
        match self {
            Self::StrongLoop => "Best Practices for Express in Production, Part One: Security (StrongLoop)",
            Self::AuYeung => "Security Best Practices for Using Express Apps in Production (John Au-Yeung)",
            Self::ExpressGuide => "Production Best Practices: Security (Express guide)",
            Self::LiftSecurity => "Writing Secure Express.js Apps (Lift Security)",
            Self::Safeguard => "hardening guide for Express in production (Safeguard)",
        }
    }
}

impl fmt::Display for MissionDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// Declares the rules of one family: a constant for each, and `RULES`, the slice of all in the same order.
///
/// An id outside the family, or a constant that is not the id in capitals, does not compile.
macro_rules! rules {
    ($family:literal; $(
        $NAME:ident = $id:literal {
            title: $title:literal,
            severity: $severity:ident,
            status: $status:ident,
            why: $why:literal,
            fix: $fix:literal,
            references: [$($reference:expr),+ $(,)?] $(,)?
        }
    )+) => {
        #[allow(unused_imports, reason = "not every family cites every kind of reference")]
        use $crate::rule::{
            MissionDocument::{AuYeung, ExpressGuide, LiftSecurity, Safeguard, StrongLoop},
            Reference::{Asvs, Cwe, Mission, Modern, Rfc, Web},
            Rule, RuleId, Severity, Status,
        };

        $(
            const _: () = assert!(
                $crate::rule::is_named(stringify!($NAME), $id, $family),
                concat!(stringify!($NAME), " is not the name for ", $id),
            );

            #[doc = concat!("`", $id, "`: ", $title, ".\n\n", $why, "\n\n", $fix)]
            pub const $NAME: Rule = Rule {
                id: RuleId::new($id),
                title: $title,
                severity: Severity::$severity,
                status: Status::$status,
                why: $why,
                fix: $fix,
                references: &[$($reference),+],
            };
        )+

        /// Every rule of the family, by id.
        pub const RULES: &[Rule] = &[$($NAME),+];
    };
}
pub(crate) use rules;

/// Whether `id` is `family`, a dot, and `constant` in lower case with `-` for `_`.
#[allow(
    clippy::indexing_slicing,
    reason = "runs at compile time only, each index is below a checked length"
)]
pub(crate) const fn is_named(constant: &str, id: &str, family: &str) -> bool {
    let (constant, id, family) = (constant.as_bytes(), id.as_bytes(), family.as_bytes());
    if id.len() != family.len() + 1 + constant.len() || id[family.len()] != b'.' {
        return false;
    }
    let mut at = 0;
    while at < family.len() {
        if id[at] != family[at] {
            return false;
        }
        at += 1;
    }
    let mut at = 0;
    while at < constant.len() {
        let expected = match constant[at] {
            b'_' => b'-',
            letter => letter.to_ascii_lowercase(),
        };
        if id[family.len() + 1 + at] != expected {
            return false;
        }
        at += 1;
    }
    true
}

/// Where the dot stands, or the length where there is none.
#[allow(
    clippy::indexing_slicing,
    reason = "the index is below the length in the loop's condition"
)]
const fn dot(id: &str) -> usize {
    let bytes = id.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'.' {
        at += 1;
    }
    at
}
