//! No error answer shows a stack trace: not a 404, nor the answers to a malformed path and to malformed JSON.
//! Cannot make a handler fail without writing to it.

use portcullis_rules::error::STACK_LEAK;

use super::on_error_texts;
use super::stack_trace::first_frame;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&STACK_LEAK, live);

fn live(evidence: &Evidence) -> Verdict {
    on_error_texts(evidence, |_, text| first_frame(text), "no error answer shows a stack trace")
}
