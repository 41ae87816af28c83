//! What a user may reach once it is known who they are.

use crate::rule::rules;

rules! { "authz";
    IDOR = "authz.idor" {
        title: "Object is reached by an id from the request without a test of ownership",
        severity: High,
        status: Review,
        why:
            "Counting the id up shows, changes or deletes what belongs to others: `/invoices/1042` becomes \
             `/invoices/1043`.",
        fix:
            "Ask for both in one query: `Invoice.findOne({ _id: req.params.id, owner: req.user.id })`, and \
             answer 404 when nothing is found. Ids that cannot be guessed are no replacement.",
        references: [Modern, Cwe(639), Asvs("8.2.2")],
    }

    INTERNAL_ENDPOINT_EXPOSED = "authz.internal-endpoint-exposed" {
        title: "Internal endpoint is reachable from outside",
        severity: Medium,
        status: Preview,
        why:
            "Metrics, health details, API documentation, queue boards and admin pages show names, versions, \
             load and users, or let anybody press their buttons.",
        fix:
            "Serve them on a port of their own, `metrics.listen(9100, '127.0.0.1')`, or put a login in \
             front. The `access` guard denies paths by client address, method and spelling-proof path.",
        references: [Modern, Cwe(668), Asvs("13.4.5")],
    }

    MISSING_ROLE = "authz.missing-role" {
        title: "Administrative function without a test of the role",
        severity: High,
        status: Review,
        why:
            "The link is hidden from ordinary users, the route is not: whoever knows or guesses the address \
             is an administrator.",
        fix:
            "Put the test on the router, not on each route: `app.use('/admin', requireRole('admin'), \
             adminRouter)`, and refuse what no rule allows.",
        references: [Modern, Cwe(862), Asvs("8.2.1")],
    }

    PATH_CONFUSION = "authz.path-confusion" {
        title: "Another spelling of a path slips past an access rule",
        severity: High,
        status: Stable,
        why:
            "The proxy compares `/admin` and Express routes `/ADMIN`, `/%61dmin`, `//admin`, `/x/../admin` \
             or `/admin/` to the same handler; X-Original-URL and X-Rewrite-URL change the path after the \
             test. What was denied is open.",
        fix:
            "Test for access inside the application, on the router that serves the path, never by comparing \
             `req.url` or in the proxy alone. The gate makes the path canonical once, matches and forwards \
             that same path, and drops fields that would change it; the `access` guard matches it in any \
             letter case.",
        references: [Modern, Cwe(647), Asvs("8.3.1"), Rfc(3986)],
    }
}
