//! Whether a guard acts or only watches.

use serde::{Deserialize, Serialize};

/// What a guard does when it would say no.
///
/// `Report` lets one put a guard before a live application and see what it would have stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Refuse, mend, remove: production.
    #[default]
    Enforce,
    /// Let everything through; count and log what would have been refused.
    Report,
}
