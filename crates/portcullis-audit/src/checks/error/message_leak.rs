//! No error answer shows the words of a database, a driver or the file system. The words of a parser about
//! the client's own JSON are the client's to know.

use portcullis_rules::error::MESSAGE_LEAK;

use super::on_error_texts;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&MESSAGE_LEAK, live);

/// Each is a piece of a message that no author of an error page would write.
const INTERNAL: [&str; 30] = [
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "ETIMEDOUT",
    "EADDRINUSE",
    "ENOENT:",
    "EACCES:",
    "EPERM:",
    "EISDIR:",
    "ER_PARSE_ERROR",
    "ER_NO_SUCH_TABLE",
    "ER_BAD_FIELD_ERROR",
    "ER_ACCESS_DENIED_ERROR",
    "ER_DUP_ENTRY",
    "You have an error in your SQL syntax",
    "syntax error at or near",
    "SQLITE_",
    "SQLSTATE[",
    "ORA-0",
    "SequelizeDatabaseError",
    "QueryFailedError",
    "PrismaClient",
    "MongoServerError",
    "MongoError",
    "E11000 duplicate key",
    "Cast to ObjectId failed",
    "Failed to lookup view",
    "Cannot read properties of",
    "is not a function",
    "Cannot find module",
];

fn live(evidence: &Evidence) -> Verdict {
    on_error_texts(
        evidence,
        |_, text| {
            let line = text.lines().find(|line| INTERNAL.iter().any(|words| line.contains(words)))?;
            Some(line.trim().to_owned())
        },
        "no error answer shows an internal message",
    )
}
