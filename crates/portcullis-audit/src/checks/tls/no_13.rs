//! The server chooses TLS 1.3 when it is offered.

use portcullis_rules::tls::NO_13;

use super::on_handshake;
use crate::checks::Check;
use crate::evidence::live::{Evidence, TlsVersion};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&NO_13, live);

fn live(evidence: &Evidence) -> Verdict {
    on_handshake(evidence, |request, handshake| match handshake.version {
        TlsVersion::Tls13 => Verdict::holds("the server chose TLS 1.3"),
        TlsVersion::Tls12 => Verdict::broken(request, "the server chose TLS 1.2 where 1.3 was offered"),
    })
}
