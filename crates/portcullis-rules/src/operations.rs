//! How the application is built, started and exposed.

use crate::rule::rules;

rules! { "operations";
    BASE_IMAGE_EOL = "operations.base-image-eol" {
        title: "Base image carries a Node.js past its end of life",
        severity: High,
        status: Stable,
        why: "The image gets no fixes, neither for Node.js nor, in time, for the system below it.",
        fix:
            "Use `FROM node:24-slim`, or another LTS release that is maintained, and rebuild every week. \
             `node:20`, which the checklist shows, reached its end on 2026-04-30; code names count too \
             (`hydrogen` is 18, `iron` is 20).",
        references: [Modern, Cwe(1104), Asvs("15.2.1")],
    }

    BASE_IMAGE_UNPINNED = "operations.base-image-unpinned" {
        title: "Base image has no version",
        severity: Low,
        status: Stable,
        why:
            "`FROM node` or `node:latest` is another system at each build: a new major version comes \
             unasked, and nobody can say what ran last month.",
        fix: "Name version and variant, `FROM node:24.11-slim`, or the digest, and let a bot raise it.",
        references: [Modern, Cwe(1357), Asvs("15.2.4")],
    }

    COPY_ALL = "operations.copy-all" {
        title: "Whole directory is copied into the image without `.dockerignore`",
        severity: Low,
        status: Stable,
        why:
            "`.env`, `.git` with its history and the developer's `node_modules` end up in the image, for \
             everyone who can pull it or finds a hole in the file server.",
        fix:
            "Add `.dockerignore` with `.git`, `.env*`, `node_modules` and `*.pem`, or copy by name: `COPY \
             package*.json src ./`.",
        references: [Modern, Cwe(538), Asvs("13.4.1")],
    }

    DEBUG_PORT = "operations.debug-port" {
        title: "Inspector port is open",
        severity: High,
        status: Stable,
        why: "Whoever reaches port 9229 runs any code in the process: the inspector asks for no password.",
        fix:
            "Remove `--inspect` from the start command and `EXPOSE 9229` from the image. For a look at a \
             running process use `kill -USR1` and an SSH tunnel to `127.0.0.1:9229`.",
        references: [Modern, Cwe(489), Asvs("13.4.2")],
    }

    DIRECTORY_LISTING = "operations.directory-listing" {
        title: "Directory is listed",
        severity: Medium,
        status: Stable,
        why: "The list shows backups, uploads and files that no page links to, each one click away.",
        fix:
            "Remove `serve-index`, or put it behind a login on the one directory that needs it. \
             `static_files` of the gate never lists.",
        references: [Modern, Cwe(548), Asvs("13.4.3")],
    }

    DISCLOSURE_POLICY_MISSING = "operations.disclosure-policy-missing" {
        title: "Nobody is told where to report a vulnerability",
        severity: Info,
        status: Stable,
        why:
            "Who finds a hole and finds no address gives up, or publishes it; the first message then comes \
             from an attacker.",
        fix:
            "Add a `SECURITY.md` with an address and what to expect, and serve `/.well-known/security.txt` \
             with `Contact` and `Expires`.",
        references: [Mission(ExpressGuide), Cwe(1059), Rfc(9116)],
    }

    DOCKER_NPM_INSTALL = "operations.docker-npm-install" {
        title: "Image is built with `npm install`",
        severity: Low,
        status: Stable,
        why:
            "`npm install` may change the lockfile and take newer versions than those tested, and brings the \
             development tools along.",
        fix: "Write `RUN npm ci --omit=dev`, with `package-lock.json` copied first.",
        references: [Mission(Safeguard), Cwe(1357), Asvs("15.2.4")],
    }

    ENV_COMMITTED = "operations.env-committed" {
        title: "`.env` with values is in the repository",
        severity: High,
        status: Stable,
        why:
            "Everyone with a copy of the repository, now or later, has the secrets; deleting the file leaves \
             them in the history.",
        fix:
            "Run `git rm --cached .env`, add it to `.gitignore`, keep `.env.example` without values, and \
             change every secret that was in it.",
        references: [Mission(Safeguard), Cwe(538), Asvs("13.3.1")],
    }

    GRACEFUL_SHUTDOWN_MISSING = "operations.graceful-shutdown-missing" {
        title: "SIGTERM ends the process in the middle of requests",
        severity: Info,
        status: Stable,
        why:
            "Each deployment cuts requests off: half-done payments and uploads, errors for users, and a \
             reason to deploy fixes less often.",
        fix:
            "Add `process.on('SIGTERM', () => server.close(() => process.exit(0)))`, with a limit in time, \
             and start with `CMD [\"node\", \"server.js\"]`, so that the signal arrives. The gate and \
             `serve` finish what runs before they stop.",
        references: [Mission(Safeguard), Cwe(404)],
    }

    PRIVATE_KEY_COMMITTED = "operations.private-key-committed" {
        title: "Private key is in the repository",
        severity: Critical,
        status: Stable,
        why: "With the key anyone is this server, decrypts or signs in its name, and nothing shows it.",
        fix:
            "Replace the key and revoke its certificate; taking the file out of the history is not enough. \
             Keep keys in files that only the service reads, outside the repository.",
        references: [Modern, Cwe(321), Asvs("13.3.1")],
    }

    PRIVILEGE_DROP_ORDER = "operations.privilege-drop-order" {
        title: "Privileges are dropped in the wrong order, or not all of them",
        severity: High,
        status: Stable,
        why:
            "After `setuid` the process may no longer change its group and keeps that of root; before the \
             port is bound it cannot bind. The extra groups of root stay in each case, also in the example \
             of the old checklist.",
        fix:
            "Write in the callback of `listen`: `process.initgroups('app', 'app'); process.setgid('app'); \
             process.setuid('app')`, in this order. Better never start as root: `User=app` in systemd with \
             `AmbientCapabilities=CAP_NET_BIND_SERVICE`.",
        references: [Mission(LiftSecurity), Cwe(271), Asvs("13.2.2")],
    }

    PRIVILEGED_PORT = "operations.privileged-port" {
        title: "Application binds a port below 1024 itself",
        severity: Medium,
        status: Stable,
        why: "That takes root, and whatever breaks into the process afterwards is root as well.",
        fix:
            "Listen on 3000 behind a proxy that has the port, or grant the one right: \
             `AmbientCapabilities=CAP_NET_BIND_SERVICE` in systemd. The gate takes the ports and leaves 3000 \
             to the application.",
        references: [Mission(LiftSecurity), Cwe(250), Asvs("13.2.2")],
    }

    REVERSE_PROXY_MISSING = "operations.reverse-proxy-missing" {
        title: "Node.js faces the internet with nothing in front",
        severity: Info,
        status: Preview,
        why:
            "TLS, slow clients, sizes and static files are then the work of the one event loop that also \
             runs the application.",
        fix:
            "Put a proxy in front and listen on the loopback: `app.listen(3000, '127.0.0.1')`. `portcullis \
             gate --to http://127.0.0.1:3000` is one.",
        references: [Mission(StrongLoop), Mission(Safeguard), Cwe(693), Asvs("13.2")],
    }

    ROOT_USER = "operations.root-user" {
        title: "Process runs as root",
        severity: High,
        status: Stable,
        why:
            "A hole in any package is then a hole in the whole container or machine: files, other processes, \
             and the way out of the container.",
        fix:
            "Add `USER node` to the last stage of the Dockerfile, after the files are copied (a user that is \
             created and not selected changes nothing), or `User=app` to the systemd unit.",
        references: [Mission(LiftSecurity), Mission(Safeguard), Cwe(250), Asvs("13.2.2")],
    }

    SECRET_HARDCODED = "operations.secret-hardcoded" {
        title: "Credential stands in the source or a configuration file",
        severity: Critical,
        status: Stable,
        why:
            "Everyone who ever sees the code, a backup or a bundle has the credential: former colleagues, a \
             stolen laptop, a public fork.",
        fix:
            "Read it from the environment or a secret store, `process.env.DB_PASSWORD`, and change it now: \
             it stays in the history.",
        references: [Mission(Safeguard), Cwe(798), Asvs("13.3.1")],
    }

    SECRET_LOGGED = "operations.secret-logged" {
        title: "Secret or whole configuration is written to the log",
        severity: Medium,
        status: Stable,
        why:
            "Logs are copied, kept for long and read by many; a password or token in them is known to all of \
             these.",
        fix:
            "Log the fields you need in place of `console.log(config)`, and mask the rest: `pino({ redact: \
             ['req.headers.authorization', 'req.headers.cookie', '*.password'] })`.",
        references: [Modern, Cwe(532), Asvs("16.2.5")],
    }

    SECRET_NOT_REQUIRED = "operations.secret-not-required" {
        title: "Process starts without a secret it needs",
        severity: Low,
        status: Preview,
        why:
            "With the variable missing the secret is `undefined`: signatures are made with the word, or a \
             check is skipped, and nobody notices until somebody uses it.",
        fix:
            "Stop at start: `if (!process.env.SESSION_SECRET) throw new Error('SESSION_SECRET is \
             required')`.",
        references: [Mission(Safeguard), Cwe(636), Asvs("13.3.1")],
    }

    STATIC_DOTFILES = "operations.static-dotfiles" {
        title: "Hidden files or the project directory are served",
        severity: High,
        status: Stable,
        why:
            "`/.git/HEAD` leads to the whole source with its history, `/.env` to the secrets, \
             `/package.json` to the list of versions to attack.",
        fix:
            "Serve a directory that holds nothing else: `express.static(path.join(__dirname, 'public'))`, \
             never `'.'` or `__dirname`, and leave `dotfiles` at `'ignore'`. `static_files` of the gate \
             serves no hidden file.",
        references: [Modern, Cwe(538), Asvs("13.4.1")],
    }

    STATIC_SYMLINK = "operations.static-symlink" {
        title: "Static files follow symbolic links out of their root",
        severity: Medium,
        status: Stable,
        why:
            "A link in an upload or a deployment directory serves whatever it points to, `/etc` or the \
             source; `express.static` follows links.",
        fix:
            "Unpack and store uploads without links, outside the static root, and look for links: `find \
             public -type l`. `static_files` of the gate follows none out of its root.",
        references: [Modern, Cwe(59), Asvs("5.3.2")],
    }

    TRACE_ENABLED = "operations.trace-enabled" {
        title: "TRACE is answered",
        severity: Low,
        status: Stable,
        why:
            "The answer repeats the request with all its fields, those that a proxy added too: cookies and \
             internal tokens become readable where they should not be.",
        fix:
            "Switch it off in the server that answers it (`TraceEnable off` in Apache), and let `app.all` \
             routes refuse it. The gate answers 405.",
        references: [Modern, Cwe(693), Asvs("13.4.4"), Rfc(9110)],
    }

    TRUST_PROXY_MISSING = "operations.trust-proxy-missing" {
        title: "Behind a proxy without `trust proxy`",
        severity: Medium,
        status: Stable,
        why:
            "Every request seems to come from the proxy and over plain HTTP: one client uses up the rate \
             limit of all, and `express-session` with `secure: true` sets no cookie and says nothing.",
        fix:
            "Set `app.set('trust proxy', 1)` for exactly one proxy in front, or its addresses: `'loopback'`, \
             `'10.0.0.0/8'`.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(348), Asvs("15.3.4")],
    }

    TRUST_PROXY_UNSAFE = "operations.trust-proxy-unsafe" {
        title: "`trust proxy` believes everybody",
        severity: Medium,
        status: Stable,
        why:
            "With `true` the client writes its own address: rate limits, allow-lists and logs can be talked \
             into anything, and X-Forwarded-Proto makes plain HTTP look safe. A count above the true number \
             of proxies does the same.",
        fix:
            "Set the number of proxies or their addresses: `app.set('trust proxy', 'loopback')`. The `1` of \
             the checklists is right behind exactly one. The `client` guard replaces what the client wrote \
             in X-Forwarded-* and Forwarded.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Modern, Cwe(348), Asvs("15.3.4"), Rfc(7239)],
    }
}
