//! The certificate verifies against Mozilla's roots and those given: chain, dates, name, signature. Cannot
//! know a private root that was not given. Revocation is not looked up.

use portcullis_rules::tls::CERTIFICATE_INVALID;

use super::on_handshake;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&CERTIFICATE_INVALID, live);

fn live(evidence: &Evidence) -> Verdict {
    on_handshake(evidence, |request, handshake| match &handshake.certificate_fault {
        Some(fault) => Verdict::broken(request, format!("the certificate does not verify: {fault}")),
        None => Verdict::holds("the certificate verifies"),
    })
}
