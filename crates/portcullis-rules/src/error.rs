//! What an error must not tell the client.

use crate::rule::rules;

rules! { "error";
    MESSAGE_LEAK = "error.message-leak" {
        title: "Internal error message reaches the client",
        severity: Low,
        status: Stable,
        why:
            "`err.message` of a database, a driver or the file system names tables, queries, hosts and \
             addresses: a map for the next attack, and the feedback that SQL injection by errors needs.",
        fix:
            "Send a fixed text for every status of 500 and above, log the rest: `res.status(500).json({ \
             error: 'Internal server error', id: req.id })`. Errors that you wrote for users may say what \
             they say. The `error` guard replaces the body of each 5xx and keeps the original in the log \
             under the request id.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1"), Rfc(9457)],
    }

    NO_HANDLER = "error.no-handler" {
        title: "No error handler, or rejected promises get lost",
        severity: Low,
        status: Stable,
        why:
            "In Express 4 an `async` handler that throws leaves the request open until the client gives up, \
             and since Node 15 an unhandled rejection ends the process: one bad request after another keeps \
             the service down.",
        fix:
            "Add one middleware with four arguments, `app.use((err, req, res, next) => ...)`, after all \
             routes, and go to Express 5, which passes rejections on; in Express 4 write `fn(req, res, \
             next).catch(next)`. The gate answers 502 or 504 when the application gives none.",
        references: [Mission(Safeguard), Cwe(755), Asvs("16.5.4")],
    }

    NODE_ENV = "error.node-env" {
        title: "NODE_ENV is not production",
        severity: Medium,
        status: Stable,
        why:
            "Express then sends the stack trace of each error to the client, does not cache views, and \
             packages load their development tools. The protections that the checklist guards by NODE_ENV \
             are off as well.",
        fix:
            "Set `ENV NODE_ENV=production` in the Dockerfile, `Environment=NODE_ENV=production` in the \
             systemd unit, or its like in the process manager; not in the source. The `error` guard hides \
             the traces, and the rest needs the setting.",
        references: [Mission(Safeguard), Cwe(489), Asvs("13.4.2")],
    }

    PATH_LEAK = "error.path-leak" {
        title: "Error shows an absolute path of the server",
        severity: Low,
        status: Stable,
        why:
            "`/home/deploy/shop/views/...` names the user, the layout and the framework, and makes a path \
             traversal or an upload hit at the first try. It also reaches the client in a 404, where no one \
             expects a trace.",
        fix:
            "Send a fixed text, and never `err.path` or the message of an `ENOENT`. The `error` guard \
             replaces every 4xx and 5xx whose body shows an absolute path.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1")],
    }

    STACK_LEAK = "error.stack-leak" {
        title: "Stack trace reaches the client",
        severity: Medium,
        status: Stable,
        why:
            "A trace shows file names, packages with their versions, and how the request is handled: exactly \
             what an attacker would otherwise have to guess.",
        fix:
            "Set `NODE_ENV=production`, take `err.stack` out of every response, and use `errorhandler` in \
             development alone: `if (app.get('env') === 'development') app.use(errorhandler())`. The `error` \
             guard replaces every 4xx and 5xx whose body shows a trace.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1")],
    }
}
