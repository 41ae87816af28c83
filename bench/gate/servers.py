"""The gate and its peers, hardened alike before one upstream; each as one process (tree) on the cpu it is given."""

import os
import socket
import subprocess
import time
from pathlib import Path

from gate_process import GateProcess

# helmet's twelve: what the peers set on every answer. The gate sets its own default, which is stricter and longer.
HEADERS = {
    "Content-Security-Policy": "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
    "frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';"
    "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-XSS-Protection": "0",
}

COOKIE = "connect.sid=s%3AfYHT0Cwz9zM0HNVZUwXYZgU4PPbAVsO5.6y9TbGEJS5oDGLu9sN%2FvmqPfnVjQkcwzGwKNHzDJQkU; Path=/; HttpOnly"
BODY = '{"text":"' + "x" * (1024 - len('{"text":""}')) + '"}'


class Server:
    """A running server: its name, its process, and its addresses (`127.0.0.1:PORT`) without and with TLS."""

    def __init__(self, name, command, cpu, directory, http, https=None):
        self.name, self.http, self.https = name, http, https
        # caddy keeps state where these point.
        environment = {**os.environ, "HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
        self.log = Path(directory) / f"{name}.log"
        with open(self.log, "wb") as output:
            command = ["taskset", "-c", str(cpu), *command]
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        self.pid = self.process.pid
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 10
        while not _listens(self.http):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} does not listen:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Gate(GateProcess):
    """The gate with every guard as it is by default, but for what one address may have."""

    name = "gate"

    def __init__(self, cpu, directory, upstream):
        config = f"""
[listen]
http = "127.0.0.1:0"
https = "127.0.0.1:0"
dangerous_plain_http = true
workers = 1

[tls]
certificate = "{directory}/certificate.pem"
key = "{directory}/key.pem"

[upstream]
to = "http://{upstream}"

# The load comes from one address.
[serve]
max_connections_per_client = 4096

# It is counted all the same.
[limit]
general = {{ limit = 60000000 }}
"""
        super().__init__(directory, config, ["taskset", "-c", str(cpu)])


def make_certificate(directory):
    """ECDSA P-256 for localhost, signed by itself: certificate.pem, key.pem, and both in one for haproxy."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*new, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (directory / "both.pem").write_text(certificate.read_text() + key.read_text())


def upstream(cpu, directory):
    """A canned answer of 1 KiB, with what Express would give away: X-Powered-By and a bare session cookie."""
    address = free_address()
    serve = f"""  server {{
    listen {address};
    location / {{
      default_type application/json;
      add_header X-Powered-By Express;
      add_header Set-Cookie "{COOKIE}";
      return 200 '{BODY}';
    }}
  }}
"""
    return _nginx("upstream", cpu, directory, serve, address)


def nginx(cpu, directory, upstream):
    http, https = free_address(), free_address()
    hide = "".join(f"      proxy_hide_header {name};\n" for name in HEADERS)
    add = "".join(f'      add_header {name} "{value}" always;\n' for name, value in HEADERS.items())
    serve = f"""  limit_req_zone $binary_remote_addr zone=ip:10m rate=1000000r/s;
  upstream app {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}
  ssl_certificate {directory}/certificate.pem;
  ssl_certificate_key {directory}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:S:10m;
  server {{
    listen {http} reuseport;
    listen {https} ssl http2 reuseport;
    location / {{
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_hide_header X-Powered-By;
      limit_req zone=ip burst=100000 nodelay;
      client_max_body_size 10k;
      proxy_cookie_flags ~ secure httponly samesite=lax;
      proxy_read_timeout 30s;
{hide}{add}    }}
  }}
"""
    return _nginx("nginx", cpu, directory, serve, http, https)


def haproxy(cpu, directory, upstream):
    http, https = free_address(), free_address()
    set_headers = "".join(f'  http-response set-header {name} "{value}"\n' for name, value in HEADERS.items())
    file = directory / "haproxy.cfg"
    file.write_text(f"""global
  nbthread 1
  maxconn 8000
  tune.ssl.default-dh-param 2048
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 75s
  option http-keep-alive
frontend clients
  bind {http}
  bind {https} ssl crt {directory}/both.pem alpn h2,http/1.1
  stick-table type ip size 100k expire 60s store http_req_rate(60s)
  http-request track-sc0 src
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 2000000000 }}
  http-request deny deny_status 413 if {{ req.body_size gt 10240 }}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-response del-header X-Powered-By
  http-response replace-header Set-Cookie (.*) "\\1; Secure; SameSite=Lax"
{set_headers}  default_backend app
backend app
  http-reuse always
  server app {upstream} pool-max-conn 256
""")
    return Server("haproxy", ["haproxy", "-db", "-f", file], cpu, directory, http, https)


def caddy(cpu, directory, upstream):
    http, https = free_address(), free_address()
    set_headers = "".join(f'    {name} "{value}"\n' for name, value in HEADERS.items())

    def site(address, tls):
        return f"""{address} {{
{tls}  header {{
    defer
{set_headers}    -X-Powered-By
    -Server
    Set-Cookie "(.*)" "$1; Secure; SameSite=Lax"
  }}
  request_body {{
    max_size 10KB
  }}
  reverse_proxy {upstream} {{
    transport http {{
      keepalive_idle_conns_per_host 256
    }}
  }}
}}
"""

    file = directory / "Caddyfile"
    with_tls = site(f"https://{https}", f"  tls {directory}/certificate.pem {directory}/key.pem\n")
    file.write_text("{\n  admin off\n  auto_https off\n}\n" + site(f"http://{http}", "") + with_tls)
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", file]
    return Server("caddy", command, cpu, directory, http, https)


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _nginx(name, cpu, directory, serve, http, https=None):
    temporary = "".join(
        f"  {kind}_temp_path {directory}/{name}-{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The directory is ours alone, so the workers must be us as well.
    user = "user root;\n" if os.geteuid() == 0 else ""
    file = directory / f"{name}.conf"
    file.write_text(f"""{user}worker_processes 1;
daemon off;
pid {directory}/{name}.pid;
error_log stderr;
worker_rlimit_nofile 20000;
events {{ worker_connections 4096; }}
http {{
  access_log off; server_tokens off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_requests 100000000; keepalive_timeout 75s;
  client_header_timeout 10s; client_body_timeout 10s; send_timeout 10s; large_client_header_buffers 4 8k;
{temporary}{serve}}}
""")
    return Server(name, ["nginx", "-e", "stderr", "-c", file], cpu, directory, http, https)


def _listens(address):
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
