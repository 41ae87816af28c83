//! The connection between client and server, and the certificate it rests on.

use crate::rule::rules;

rules! { "tls";
    CERTIFICATE_INVALID = "tls.certificate-invalid" {
        title: "Certificate is not one that clients trust",
        severity: High,
        status: Stable,
        why:
            "Expired, of another name, self-signed, with a weak key or without its chain: browsers turn \
             users away, and users who learn to click the warning away do it for an attacker's certificate \
             as well.",
        fix:
            "Get certificates by ACME (Let's Encrypt) and renew them by machine, a third of their life \
             before the end; install the full chain (`fullchain.pem`). Names of an internal CA are fine \
             where each client has its root.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(295), Asvs("12.2.2"), Rfc(5280)],
    }

    CIPHER_LEGACY = "tls.cipher-legacy" {
        title: "TLS 1.2 suites without forward secrecy, or with CBC, are offered",
        severity: Low,
        status: Stable,
        why:
            "Without forward secrecy, traffic recorded today can be read by whoever gets the key later; CBC \
             suites have a history of padding attacks. Node offers both by default, so every plain \
             `https.createServer` does.",
        fix:
            "Set `ciphers` to the ECDHE suites with AES-GCM and ChaCha20-Poly1305 (Mozilla's intermediate \
             profile), or `minVersion: 'TLSv1.3'`. The gate and `serve` offer no other.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.2"), Rfc(9325)],
    }

    CIPHER_WEAK = "tls.cipher-weak" {
        title: "Broken cipher suites are offered",
        severity: High,
        status: Stable,
        why:
            "NULL and anonymous suites protect nothing, EXPORT and DES are broken in hours, RC4 leaks \
             cookies, 3DES falls to birthday attacks on long connections. A suite that is offered can be \
             forced on some clients.",
        fix:
            "Remove the `ciphers` option or set it to Mozilla's intermediate list, and `SECLEVEL=0` must not \
             appear in it. The gate and `serve` know none of them.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.2"), Rfc(9325)],
    }

    COMPRESSION = "tls.compression" {
        title: "TLS compression is on",
        severity: Medium,
        status: Stable,
        why:
            "The compressed length tells how much of a guess stands in the request, and so a page of the \
             attacker's finds out the session cookie byte by byte (CRIME).",
        fix:
            "Update the TLS library: OpenSSL has it off since 1.1.0, Node never had it on, TLS 1.3 has none. \
             The gate and `serve` cannot do it.",
        references: [Modern, Cwe(203), Asvs("12.1.1"), Rfc(7525)],
    }

    FALLBACK_SCSV = "tls.fallback-scsv" {
        title: "Forced downgrades are not noticed",
        severity: Info,
        status: Stable,
        why:
            "A client that retries with an older version after a failed connection can be pushed down by \
             whoever makes the connection fail. It matters only while versions below TLS 1.2 are offered.",
        fix:
            "Switch off everything below TLS 1.2, and the question is gone (`tls.protocol-old`); a current \
             OpenSSL understands the signal by itself.",
        references: [Modern, Cwe(757), Asvs("12.1.1"), Rfc(7507)],
    }

    IMPLEMENTATION_FLAW = "tls.implementation-flaw" {
        title: "TLS library has a known hole",
        severity: Critical,
        status: Preview,
        why:
            "Heartbleed reads the server's memory with its keys, early ChangeCipherSpec and Ticketbleed give \
             away sessions, ROBOT decrypts recorded traffic, POODLE reads cookies through SSL 3.0. All are \
             old, public, and tried by every scanner.",
        fix:
            "Update OpenSSL or the appliance in front, then replace keys and certificates and end all \
             sessions: assume that they were read. The gate and `serve` use rustls, which has neither \
             heartbeat nor RSA key exchange nor SSL 3.0.",
        references: [Modern, Cwe(119), Asvs("12.1.1")],
    }

    KEX_WEAK = "tls.kex-weak" {
        title: "Key exchange with a group that is too small",
        severity: Medium,
        status: Stable,
        why:
            "Diffie-Hellman below 2048 bits, and 1024 with a well-known prime above all, is within reach of \
             large attackers (Logjam); elliptic curves below 224 bits likewise.",
        fix:
            "Remove `dhparam` and DHE suites, and set `ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384'` (the \
             first from OpenSSL 3.5 on). The gate and `serve` use these groups alone.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(326), Asvs("12.1.2"), Rfc(9325)],
    }

    NO_13 = "tls.no-13" {
        title: "TLS 1.3 is not offered",
        severity: Low,
        status: Stable,
        why:
            "Connections take a round trip more, the server's certificate goes in clear, and the protection \
             against downgrades is weaker.",
        fix:
            "Remove `maxVersion` and `secureProtocol`: every Node.js that is still maintained offers TLS 1.3 \
             by default. The gate and `serve` prefer it.",
        references: [Modern, Cwe(327), Asvs("12.1.1"), Rfc(8446)],
    }

    NO_PQ = "tls.no-pq" {
        title: "No post-quantum key exchange",
        severity: Info,
        status: Stable,
        why:
            "Traffic recorded today can be decrypted once large quantum computers exist. Current browsers \
             already ask for `X25519MLKEM768` first.",
        fix:
            "Use a Node.js with OpenSSL 3.5 or later (24 and up), or a proxy that has it. The gate and \
             `serve` offer `X25519MLKEM768` first.",
        references: [Modern, Cwe(327), Asvs("12.1.2")],
    }

    NO_REDIRECT = "tls.no-redirect" {
        title: "Plain HTTP does not lead to HTTPS",
        severity: Medium,
        status: Stable,
        why:
            "Who types the name or follows an old link stays on plain HTTP, where anyone on the way reads \
             and changes everything; HSTS never reaches that browser.",
        fix:
            "Redirect pages to the same host and path over HTTPS with 308 (or 301), leave out ACME \
             challenges, and let an API refuse instead: a redirect hides that the first request went out in \
             clear. The gate redirects.",
        references: [Mission(StrongLoop), Mission(AuYeung), Modern, Cwe(319), Asvs("4.1.2"), Rfc(9110)],
    }

    PLAIN_HTTP = "tls.plain-http" {
        title: "Service is reachable without TLS",
        severity: High,
        status: Stable,
        why:
            "Anyone on the way, in the café, at the provider, in the data centre, reads passwords and \
             cookies, and changes pages and downloads.",
        fix:
            "Put TLS in front and let the application listen on the loopback alone: `app.listen(3000, \
             '127.0.0.1')`. `portcullis gate --to http://127.0.0.1:3000` ends TLS before it.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(319),
            Asvs("12.2.1"),
        ],
    }

    PROTOCOL_OLD = "tls.protocol-old" {
        title: "SSL 2, SSL 3, TLS 1.0 or TLS 1.1 is offered",
        severity: High,
        status: Stable,
        why:
            "These versions rest on MD5 and SHA-1 and on CBC with known attacks (POODLE, BEAST); a client \
             can be pushed down to them. No client of today needs them.",
        fix:
            "Remove `secureProtocol` and `--tls-min-v1.0`, and set `minVersion: 'TLSv1.2'`, the default \
             since Node 12. The gate and `serve` have nothing older.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.1"), Rfc(8996)],
    }

    REJECT_UNAUTHORIZED = "tls.reject-unauthorized" {
        title: "Certificates of outgoing connections are not checked",
        severity: High,
        status: Stable,
        why:
            "`rejectUnauthorized: false` or `NODE_TLS_REJECT_UNAUTHORIZED=0` makes each outgoing connection, \
             with its tokens and data, readable and changeable by whoever sits in between: TLS in name \
             alone.",
        fix:
            "Remove the option. For an internal CA name its root: \
             `NODE_EXTRA_CA_CERTS=/etc/ssl/internal-ca.pem`, or the `ca` option of the one connection.",
        references: [Modern, Cwe(295), Asvs("12.3.2")],
    }

    RENEGOTIATION = "tls.renegotiation" {
        title: "Insecure or client-started renegotiation",
        severity: Medium,
        status: Stable,
        why:
            "Without RFC 5746 an attacker puts the beginning of a request before the user's, under the \
             user's credentials; where the client may start it, each renegotiation costs the server far more \
             than the client.",
        fix:
            "Update the TLS library and allow TLS 1.3 or 1.2 with secure renegotiation alone; Node limits \
             the client's by default. The gate and `serve` use rustls, which has no renegotiation.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(300), Asvs("12.1.1"), Rfc(5746)],
    }
}
