//! Group names: which there are, how often, and whether two may be the same.

use super::SyntaxError;

/// A named group and the alternatives it stands in, outermost first: `(disjunction, alternative)`.
#[derive(Debug)]
pub(super) struct GroupName {
    pub(super) name: Vec<u32>,
    pub(super) index: u32,
    pub(super) place: Vec<(u32, u32)>,
}

/// A name may be given twice only in different alternatives of one disjunction (ECMA-262 22.2.1.1,
/// `MightBothParticipate`), since then at most one of the groups takes part in a match.
pub(super) fn check_duplicates(
    groups: &[GroupName],
    new: &GroupName,
    position: usize,
) -> Result<bool, SyntaxError> {
    let mut twice = false;
    for group in groups.iter().filter(|group| group.name == new.name) {
        let apart = group.place.iter().zip(&new.place).find(|(a, b)| a != b);
        match apart {
            Some((a, b)) if a.0 == b.0 => twice = true,
            _ => {
                return Err(SyntaxError { position, message: "group name given twice" });
            }
        }
    }
    Ok(twice)
}
