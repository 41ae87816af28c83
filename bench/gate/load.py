"""The load: wrk for HTTP/1.1, h2load for HTTP/2, one thread on one cpu, 64 requests in flight."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Load:
    """What a load generator saw."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def http1(url, seconds, cpu, directory):
    """64 connections kept alive."""
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", HERE / "report.lua", url]
    output = _on(cpu, command, seconds)
    found = re.search(r"^MEASURED (\d+) (\S+) (\d+) (\S+) (\S+)$", output, re.MULTILINE)
    if not found:
        raise RuntimeError(f"wrk said:\n{output}")
    requests, failures = int(found[1]), int(found[3])
    if failures or not requests:
        raise RuntimeError(f"{url}: {failures} of {requests} requests failed:\n{output}")
    return Load(requests, float(found[2]), float(found[4]), float(found[5]))


def http2(url, seconds, cpu, directory):
    """16 connections with 4 streams each. Every answer's time is logged: h2load's own summary has no percentiles."""
    log = Path(directory) / "h2load.log"
    log.unlink(missing_ok=True)
    command = ["h2load", "-t1", "-c16", "-m4", f"-D{seconds}", f"--log-file={log}", url]
    output = _on(cpu, command, seconds)
    counts = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", output)
    if not counts or not failed:
        raise RuntimeError(f"h2load said:\n{output}")
    good = int(counts[1])
    if not good or any(int(count) for count in (*counts.groups()[1:], *failed.groups())):
        raise RuntimeError(f"{url}: not every request succeeded:\n{output}")
    with open(log) as lines:
        times = sorted(int(line.split("\t")[2]) for line in lines)
    return Load(good, float(seconds), times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000)


def _on(cpu, command, seconds):
    command = ["taskset", "-c", str(cpu), *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds + 30)
    return done.stdout
