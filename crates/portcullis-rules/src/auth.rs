//! How a user proves who they are, and what keeps others from doing it for them.

use crate::rule::rules;

rules! { "auth";
    GUARD_DOES_NOT_RETURN = "auth.guard-does-not-return" {
        title: "Guard redirects or answers, and the handler goes on",
        severity: High,
        status: Review,
        why:
            "`if (!req.user) res.redirect('/login')` without `return` runs the rest: the anonymous client \
             sees a redirect, and what was to be protected has been done.",
        fix:
            "Write `return res.redirect('/login')`, or end the guard with `else next()`; keep guards in \
             middleware of their own, in front of the handler.",
        references: [Modern, Cwe(698), Asvs("8.3.1")],
    }

    JWT_ALG_UNPINNED = "auth.jwt-alg-unpinned" {
        title: "JWT is verified without a list of algorithms",
        severity: High,
        status: Stable,
        why:
            "The token itself then says how it is to be checked: `none` means not at all, and HS256 takes \
             the public key, which everybody has, as its secret. Anyone forges a login.",
        fix:
            "Name them: `jwt.verify(token, key, { algorithms: ['RS256'] })`; `express-jwt` demands it since \
             version 6. Use `jsonwebtoken` 9 or later, and `jwt.verify`, never `jwt.decode`, for what \
             decides something.",
        references: [Modern, Cwe(347), Asvs("9.1.2"), Rfc(8725)],
    }

    JWT_HARDCODED_SECRET = "auth.jwt-hardcoded-secret" {
        title: "Key that signs JWTs stands in the source, or has a fallback there",
        severity: Critical,
        status: Stable,
        why:
            "Who reads the source, or tries the usual examples, writes a token for any user, administrators \
             included, and the server believes it.",
        fix:
            "Use `process.env.JWT_SECRET` without `|| 'secret'`, made by `openssl rand -base64 32`, and stop \
             at start when it is missing. Change the key now: the old one is public. Public keys may stand \
             in the source.",
        references: [Mission(Safeguard), Cwe(798), Asvs("13.3.1"), Rfc(8725)],
    }

    JWT_LIFETIME = "auth.jwt-lifetime" {
        title: "JWT has no expiry, or one beyond a day",
        severity: Low,
        status: Stable,
        why:
            "A token cannot be called back: stolen once, it works until it expires, and without `exp` for \
             ever, also after a change of password.",
        fix:
            "Set `jwt.sign(claims, key, { expiresIn: '15m' })` and a refresh token that the server can \
             withdraw.",
        references: [Modern, Cwe(613), Asvs("9.2.1"), Rfc(7519)],
    }

    LOCKOUT_MISSING = "auth.lockout-missing" {
        title: "Failed logins are not counted by user name and address",
        severity: Medium,
        status: Stable,
        why:
            "A limit on requests alone lets an attacker guess slowly, from many addresses, for weeks: no \
             account and no address is ever stopped.",
        fix:
            "Use `rate-limiter-flexible` with two counters: 100 failures a day for each address, and 10 in a \
             row for user name and address together, blocked for an hour. Look at both before the password, \
             count failures only, and clear the second on success. Do not lock by user name alone: anyone \
             could then lock users out.",
        references: [Mission(AuYeung), Mission(ExpressGuide), Cwe(307), Asvs("6.3.1")],
    }

    PASSWORD_PLAIN = "auth.password-plain" {
        title: "Password is stored or compared in plain text",
        severity: Critical,
        status: Stable,
        why:
            "One leaked backup or one SQL injection gives away every password, and with it the accounts that \
             users have elsewhere with the same one.",
        fix:
            "Store `await argon2.hash(password)` and check with `await argon2.verify(hash, password)` \
             (`argon2`, or `bcrypt` with a cost of 12), and hash what is stored now.",
        references: [Modern, Cwe(256), Asvs("11.4.2")],
    }

    PASSWORD_WEAK_HASH = "auth.password-weak-hash" {
        title: "Password is hashed with a fast function or a low cost",
        severity: High,
        status: Stable,
        why:
            "A graphics card tries billions of MD5, SHA-1 or SHA-256 hashes in a second, with or without \
             salt: most passwords of a leaked table fall in a day.",
        fix:
            "Use `argon2` with its defaults, or `bcrypt` with a cost of 12 (10 at the least; it reads 72 \
             bytes only). Wrap the old hashes at once, `argon2.hash(oldHash)`, and replace each at its \
             user's next login.",
        references: [Modern, Cwe(916), Asvs("11.4.2")],
    }

    RATE_LIMIT_GLOBAL = "auth.rate-limit-global" {
        title: "No rate limit on the application",
        severity: Medium,
        status: Stable,
        why:
            "Scripts copy the data, try stolen passwords and coupon codes, and use up what is expensive, as \
             fast as the server answers.",
        fix:
            "Add `app.use('/api/', rateLimit({ windowMs: 15 * 60 * 1000, limit: 100 }))` of \
             `express-rate-limit` before the routes. `express-limiter` and the StrongLoop gateway of the old \
             checklists are no longer maintained.",
        references: [Mission(StrongLoop), Mission(Safeguard), Cwe(770), Asvs("2.4.1"), Rfc(6585)],
    }

    RATE_LIMIT_KEY_SPOOFABLE = "auth.rate-limit-key-spoofable" {
        title: "Rate limit counts by a field that the client writes",
        severity: High,
        status: Stable,
        why:
            "A new X-Forwarded-For with each request is a new client each time: the limit never holds, or it \
             is used up in somebody else's name.",
        fix:
            "Count by `req.ip`, and set `trust proxy` to the true number or addresses of your proxies, never \
             `true`. The `client` guard rebuilds the forwarding fields from the connection.",
        references: [Modern, Cwe(348), Asvs("15.3.4")],
    }

    RATE_LIMIT_LOGIN = "auth.rate-limit-login" {
        title: "Login may be tried without limit",
        severity: High,
        status: Stable,
        why:
            "Lists of stolen passwords are tried at thousands of requests a minute, and some of them fit: \
             users take the same password everywhere.",
        fix:
            "Put a limiter of its own on every route that checks a password, a code or a reset token: \
             `app.post('/login', rateLimit({ windowMs: 15 * 60 * 1000, limit: 5 }), login)`, before the \
             handler and in production too.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(307),
            Asvs("6.3.1"),
        ],
    }

    RATE_LIMIT_MEMORY_STORE = "auth.rate-limit-memory-store" {
        title: "Several processes count rate limits each for itself",
        severity: Low,
        status: Stable,
        why:
            "With n processes or machines each client has n times the limit, and a restart forgets every \
             count.",
        fix:
            "Give the limiter a shared store: `rateLimit({ store: new RedisStore({ sendCommand }) })` of \
             `rate-limit-redis`. A single process needs none.",
        references: [Mission(Safeguard), Cwe(770), Asvs("2.4.1")],
    }

    SECRET_TIMING = "auth.secret-timing" {
        title: "Secret is compared with `===`",
        severity: Low,
        status: Preview,
        why:
            "The comparison ends at the first wrong byte, and the time it takes tells how many were right; \
             over a fast network and many tries a token or a signature can be found byte by byte.",
        fix:
            "Use `crypto.timingSafeEqual` on two buffers of one length, for example on the SHA-256 of both \
             sides.",
        references: [Modern, Cwe(208), Asvs("11.2.4")],
    }

    USER_ENUMERATION = "auth.user-enumeration" {
        title: "Answer tells whether a user exists",
        severity: Low,
        status: Preview,
        why:
            "`No such user` and `Wrong password`, or an answer that comes sooner because nothing was hashed, \
             give an attacker the list of accounts to work on.",
        fix:
            "Answer the same text and status in both cases, and hash a fixed dummy when the user does not \
             exist, so that the time is the same. Registration and password reset need it as well: answer by \
             e-mail.",
        references: [Modern, Cwe(204), Asvs("6.3.8")],
    }

    WEAK_PASSWORD_POLICY = "auth.weak-password-policy" {
        title: "Password rules let weak passwords in",
        severity: Low,
        status: Review,
        why:
            "Short and common passwords are what every list begins with, while rules for capitals and digits \
             only lead to `Passw0rd!`.",
        fix:
            "Ask for at least 8 characters, better 15, allow 64 and more of any kind, and refuse the few \
             thousand most common ones; drop the rules on composition.",
        references: [Modern, Cwe(521), Asvs("6.2.1")],
    }

    WEAK_TOKEN = "auth.weak-token" {
        title: "Token can be guessed or computed",
        severity: High,
        status: Stable,
        why:
            "`Math.random()` can be predicted from a few of its values, and a hash of name or time can be \
             computed by anyone: the attacker asks for a password reset and builds the link alone.",
        fix:
            "Use `crypto.randomBytes(32).toString('base64url')`, store only its SHA-256, let it expire \
             within an hour and work once.",
        references: [Modern, Cwe(330), Asvs("11.5.1")],
    }
}
