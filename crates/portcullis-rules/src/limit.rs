//! What a client may take before it is told to stop: bytes, time, connections.

use crate::rule::rules;

rules! { "limit";
    BODY_LIMIT_EXPLICIT = "limit.body-limit-explicit" {
        title: "Body parser without a limit of its own",
        severity: Info,
        status: Stable,
        why:
            "The default of 100 kB holds, but nobody chose it: ten times what most APIs need goes through \
             the parser for each request.",
        fix:
            "Write the limit out: `express.json({ limit: '10kb' })`, `express.urlencoded({ extended: false, \
             limit: '10kb' })`. The `body` guard allows 10 KiB for JSON and forms, by route.",
        references: [Mission(Safeguard), Cwe(770), Asvs("5.2.1")],
    }

    BODY_UNLIMITED = "limit.body-unlimited" {
        title: "Body may be of any size, or far above 1 MB",
        severity: High,
        status: Stable,
        why:
            "The whole body is held in memory and parsed at once: a few parallel requests of some 50 MB stop \
             the event loop or end the process.",
        fix:
            "Set `express.json({ limit: '10kb' })`, and stream uploads to disk on their own routes in place \
             of raising the limit for all. The `body` guard answers 413 before the application sees the \
             body.",
        references: [Mission(Safeguard), Cwe(770), Asvs("5.2.1"), Rfc(9110)],
    }

    BODYPARSER_DEPRECATED = "limit.bodyparser-deprecated" {
        title: "`bodyParser()` or `express.multipart()` accepts uploads on every route",
        severity: Medium,
        status: Stable,
        why:
            "The combined parser of Express 3 writes every uploaded file to the temporary directory, on \
             routes that expect none, and nobody deletes it: the disk fills.",
        fix:
            "Use `express.json({ limit: '10kb' })` and `express.urlencoded({ extended: false, limit: '10kb' \
             })`, and `multer` with limits on the one route that takes files.",
        references: [Mission(LiftSecurity), Cwe(434), Asvs("5.2.1")],
    }

    CONNECTIONS_UNLIMITED = "limit.connections-unlimited" {
        title: "One client may open any number of connections",
        severity: Medium,
        status: Preview,
        why:
            "One machine takes every file descriptor and all the memory for sockets with connections that do \
             nothing, and nobody else is served. A limit on requests does not see it.",
        fix:
            "Set `server.maxConnections`, and a limit for each client in the proxy in front (`limit_conn` in \
             nginx): Node has none. `serve` limits connections in all and for each client.",
        references: [Modern, Cwe(770), Asvs("15.2.2")],
    }

    HEADER_UNLIMITED = "limit.header-unlimited" {
        title: "Head of a request may be of any size",
        severity: Low,
        status: Preview,
        why:
            "Long targets and thousands of fields cost memory and time before any route has a say. Node \
             stops at 16 KiB; a raised `--max-http-header-size` takes that away for every client.",
        fix:
            "Remove `--max-http-header-size` and `maxHeaderSize`, and find out which cookie needs it \
             (`cookie.too-large`). The gate and `serve` answer 431 or 414 above their limit.",
        references: [Modern, Cwe(770), Asvs("15.2.2"), Rfc(6585)],
    }

    HTTP2_RESET_FLOOD = "limit.http2-reset-flood" {
        title: "HTTP/2 streams may be opened and reset without end",
        severity: High,
        status: Stable,
        why:
            "A client opens a stream and resets it at once, thousands of times in a second on one \
             connection: each costs the server a request and the client nothing (rapid reset, \
             CVE-2023-44487; with resets provoked from the server, CVE-2025-8671).",
        fix:
            "Update Node.js and the proxy to a release with the limits of 2023 and 2025. `serve` sets both \
             reset limits and closes the connection.",
        references: [Modern, Cwe(400), Asvs("15.2.2"), Rfc(9113)],
    }

    INFLATION_UNLIMITED = "limit.inflation-unlimited" {
        title: "Compressed body is inflated without a limit",
        severity: Medium,
        status: Stable,
        why:
            "Ten kilobytes of gzip become ten megabytes or more; a limit on the bytes that arrive does not \
             see it, and memory or the event loop gives in.",
        fix:
            "Count the inflated bytes: `express.json({ limit: '10kb' })` does, `zlib.gunzipSync(body)` needs \
             `{ maxOutputLength }`. Refuse codings that no client uses with `inflate: false`. The `body` \
             guard counts what is inflated and answers 415 for other codings.",
        references: [Modern, Cwe(409), Asvs("5.2.3"), Rfc(9110)],
    }

    QS_DEPTH = "limit.qs-depth" {
        title: "Nested parameters are read to great depth or number",
        severity: Low,
        status: Stable,
        why:
            "`a[b][c][d]...` and thousands of parameters become nested objects; building and walking them \
             costs far more than sending them.",
        fix:
            "Use `express.urlencoded({ extended: false })` and, in Express 4, `app.set('query parser', \
             'simple')`, the default of Express 5. Where nesting is needed keep `depth` and `parameterLimit` \
             small.",
        references: [Modern, Cwe(674), Asvs("15.3.7")],
    }

    SLOW_CLIENT = "limit.slow-client" {
        title: "Slow client holds a connection as long as it likes",
        severity: Medium,
        status: Stable,
        why:
            "A client that sends a byte now and then, or reads none of the answer, holds a socket and memory \
             for minutes; some thousands of them from one machine shut everybody out (Slowloris).",
        fix:
            "Set `server.headersTimeout = 10000` and `server.requestTimeout = 30000`, and have a proxy in \
             front that buffers: Node has no minimum rate, neither for bodies nor for readers. `serve` \
             closes slow heads and clients that do not read, the `timeout` guard bodies below a minimum \
             rate.",
        references: [Mission(Safeguard), Cwe(400), Asvs("15.2.2")],
    }

    SMUGGLING = "limit.smuggling" {
        title: "Message with doubtful framing is accepted",
        severity: High,
        status: Stable,
        why:
            "When proxy and application disagree on where a request ends (two lengths, Transfer-Encoding \
             beside Content-Length, a bare line feed), the rest of one request becomes the beginning of the \
             next user's: access rules are passed by and answers stolen.",
        fix:
            "Remove `insecureHTTPParser` and `--insecure-http-parser`, and update Node.js and the proxy. The \
             gate answers 400 and closes on any doubt, and writes each request anew instead of passing its \
             bytes on.",
        references: [Modern, Cwe(444), Asvs("4.2.1"), Rfc(9112)],
    }

    TIMEOUTS_MISSING = "limit.timeouts-missing" {
        title: "Requests have no time limit",
        severity: Low,
        status: Stable,
        why:
            "A handler that never answers, or a client that never finishes, keeps its connection, its memory \
             and often a database connection. `requestTimeout = 0` switches off the limits that Node 18 and \
             later have by default.",
        fix:
            "Keep `server.requestTimeout` and `server.headersTimeout` above zero, and give each outgoing \
             call a limit: `fetch(url, { signal: AbortSignal.timeout(5000) })`. `serve` has a deadline for \
             the head, the `timeout` guard for body, response, idle and total time.",
        references: [Mission(Safeguard), Cwe(400), Asvs("15.2.2")],
    }

    UPLOAD_LIMIT = "limit.upload-limit" {
        title: "Uploads without a limit on size and number",
        severity: Medium,
        status: Stable,
        why:
            "`multer`, `express-fileupload` and `busboy` take files of any size by default: one request \
             fills the disk or, with memory storage, the process.",
        fix:
            "Set `multer({ limits: { fileSize: 5000000, files: 1, fields: 20 } })`, and `abortOnLimit: true` \
             in `express-fileupload`. The `body` guard has a limit for each route.",
        references: [Modern, Cwe(770), Asvs("5.2.1")],
    }
}
