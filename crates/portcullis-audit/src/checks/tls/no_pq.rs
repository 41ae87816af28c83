//! The server chooses X25519MLKEM768 when it is offered first. A server that knows it and prefers another
//! group counts as one without: what counts is what a browser gets.

use portcullis_rules::tls::NO_PQ;

use super::on_handshake;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&NO_PQ, live);

fn live(evidence: &Evidence) -> Verdict {
    on_handshake(evidence, |request, handshake| {
        if handshake.group == "X25519MLKEM768" {
            Verdict::holds("the server chose X25519MLKEM768")
        } else {
            Verdict::broken(request, format!("the server chose the group {}", handshake.group))
        }
    })
}
