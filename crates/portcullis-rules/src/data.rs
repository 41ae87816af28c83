//! What is kept, and how.

use crate::rule::rules;

rules! { "data";
    SENSITIVE_PLAIN = "data.sensitive-plain" {
        title: "Sensitive field is stored in clear",
        severity: Medium,
        status: Review,
        why: "One leaked backup or one SQL injection shows card, health or identity data as it is.",
        fix:
            "Store what you truly need, and encrypt those fields with a key that is not in the database: \
             `crypto.createCipheriv('aes-256-gcm', key, nonce)` with a fresh nonce for each value, or the \
             encryption of the database by field.",
        references: [Modern, Cwe(312), Asvs("14.2")],
    }
}
