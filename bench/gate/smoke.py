"""Whether a server hardens at all: a fast answer that lacks what the others do proves nothing."""

import subprocess

HEADERS = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "origin-agent-cluster",
    "referrer-policy",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-download-options",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-xss-protection",
]
COOKIE_ATTRIBUTES = ["secure", "httponly", "samesite=lax"]


def deviations(url, http2):
    """What `url` does otherwise than a hardened proxy should, as sentences. Empty: nothing."""
    version = "--http2" if http2 else "--http1.1"
    status, fields = _ask(version, url)
    found = [f"a GET is answered {status}"] if status != 200 else []
    wanted = HEADERS + (["strict-transport-security"] if url.startswith("https:") else [])
    found += [f"{name} is missing" for name in wanted if name not in fields]
    found += [f"{name} is sent" for name in ("x-powered-by",) if name in fields]
    attributes = [part.strip().lower() for part in fields.get("set-cookie", "").split(";")]
    found += [f"the cookie has no {name}" for name in COOKIE_ATTRIBUTES if name not in attributes]
    body = '{"text":"' + "x" * 20_000 + '"}'
    status, _ = _ask(version, url, "--header", "Content-Type: application/json", "--data-binary", body)
    return found + ([f"20 KB of JSON are answered {status or 'not at all'}, not 413"] if status != 413 else [])


def _ask(*arguments):
    command = ["curl", "--silent", "--insecure", "--max-time", "10", "--dump-header", "-", "--output", "/dev/null"]
    output = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, text=True).stdout
    # The last head: there may be 100 Continue before it.
    head = output.strip().split("\r\n\r\n")[-1].replace("\r", "").split("\n")
    if not head[0].startswith("HTTP/"):
        return 0, {}
    fields = (line.split(":", 1) for line in head[1:] if ":" in line)
    return int(head[0].split()[1]), {name.lower(): value.strip() for name, value in fields}
