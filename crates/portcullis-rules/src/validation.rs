//! What a request may look like before a handler works on it.

use crate::rule::rules;

rules! { "validation";
    MEDIA_TYPE_UNCHECKED = "validation.media-type-unchecked" {
        title: "Body is read whatever its media type or coding",
        severity: Low,
        status: Preview,
        why:
            "A form of another site can send JSON as `text/plain` without a preflight, and so gets past CORS \
             as a protection; parsers that disagree on type, charset or coding read different things.",
        fix:
            "Parse the one type a route expects: `express.json()` as it is, without `type: '*/*'`, and \
             answer 415 for the rest. The `body` guard does so.",
        references: [Modern, Cwe(436), Asvs("3.5.2"), Rfc(9110)],
    }

    MISSING = "validation.missing" {
        title: "Handler uses data from the request that nothing has checked",
        severity: Medium,
        status: Preview,
        why:
            "Text may be a list or an object, a number may be negative or huge: tests are passed by, queries \
             change their meaning, and the process throws.",
        fix:
            "Check body, query, params and headers on each route: `express-validator`, `joi` or `zod`, and \
             refuse unknown fields; for example `z.strictObject({ name: z.string().max(100) \
             }).parse(req.body)`.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Mission(Safeguard), Cwe(20), Asvs("2.2.1")],
    }
}
