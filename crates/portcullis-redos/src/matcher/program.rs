//! What the matcher runs.

use crate::syntax::{Assertion, SetId};
use crate::unicode::{Canonical, CharSet};

pub(super) type Address = u32;
pub(super) type Register = u32;

#[derive(Clone, Debug)]
pub(super) enum Instruction {
    /// One character of the set.
    Set {
        set: SetId,
        backward: bool,
    },
    /// Go to `first`; on failure to `second`.
    Split {
        first: Address,
        second: Address,
    },
    Jump(Address),
    /// Put the position into a register.
    Save(Register),
    /// Forget registers `from..to`.
    Clear {
        from: Register,
        to: Register,
    },
    /// Fail if nothing was read since `Save` of this register.
    Advanced(Register),
    Zero(Register),
    /// Head of a counted loop: the body follows, `exit` is after it.
    Loop {
        count: Register,
        min: u32,
        max: u32,
        greedy: bool,
        exit: Address,
    },
    /// End of a counted loop's body; an iteration beyond `min` must have read something.
    Again {
        count: Register,
        mark: Option<Register>,
        min: u32,
        head: Address,
    },
    Assert(Assertion),
    BackReference {
        groups: Vec<u32>,
        ignore_case: Option<Canonical>,
        backward: bool,
    },
    /// A lookaround: its body follows and ends with `LookEnd`; `exit` is what comes after.
    Look {
        negated: bool,
        exit: Address,
    },
    LookEnd,
    Match,
}

/// A pattern made ready to run.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) code: Vec<Instruction>,
    pub(super) sets: Vec<CharSet>,
    pub(super) registers: u32,
    /// Capture groups, the whole match included.
    pub(super) groups: u32,
    /// Read code points, not code units.
    pub(super) code_points: bool,
    /// One attempt at the start of the input is enough.
    pub(super) once: bool,
    /// Attempts earlier than so many code units before the end are left out.
    pub(super) from_end: Option<usize>,
}
