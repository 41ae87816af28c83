//! No cookie signed by cookie-signature (express-session, cookie-parser) verifies with a secret that stands
//! in a manual. That no sample fits does not prove that the secret is a good one: unknown then.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_rules::cookie::SECRET_HARDCODED;
use sha2::Sha256;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&SECRET_HARDCODED, live);

/// From the manuals of express-session, cookie-session, connect and the checklists, and from common copies.
const SAMPLES: [&str; 32] = [
    "keyboard cat",
    "keyboardcat",
    "keyboard_cat",
    "s3Cur3",
    "s3cr3t",
    "secret",
    "Secret",
    "SECRET",
    "my secret",
    "mysecret",
    "my-secret",
    "my_secret",
    "supersecret",
    "super secret",
    "super-secret",
    "supersecretkey",
    "secret key",
    "secretkey",
    "secret-key",
    "secret_key",
    "sessionsecret",
    "session secret",
    "session-secret",
    "session_secret",
    "your-secret-key",
    "your secret",
    "yoursecret",
    "changeme",
    "change me",
    "shhhh",
    "topsecret",
    "test",
];

fn live(evidence: &Evidence) -> Verdict {
    let verdict = on_cookies(
        evidence,
        |(cookie, ..)| {
            let (text, signature) = cookie.signed_text()?;
            let secret = SAMPLES.into_iter().find(|secret| verifies(secret, &text, &signature))?;
            Some(format!("signed with `{secret}`: {cookie}"))
        },
        "",
    );
    let signed = evidence.cookies().iter().any(|(cookie, ..)| cookie.signed_text().is_some());
    match verdict {
        Verdict::Holds { .. } if signed => Verdict::out_of_sight(format!(
            "none of {} sample secrets fits; the source would show it",
            SAMPLES.len()
        )),
        Verdict::Holds { .. } => Verdict::does_not_apply("no cookie was signed by cookie-signature"),
        other => other,
    }
}

fn verifies(secret: &str, text: &str, signature: &str) -> bool {
    let Ok(bytes) = STANDARD_NO_PAD.decode(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(text.as_bytes());
    mac.verify_slice(&bytes).is_ok()
}
