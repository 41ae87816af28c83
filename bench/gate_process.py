"""Starts a gate for a measurement, on ports that the system chooses, and stops it."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 10
# A little more than the gate itself gives the requests in flight.
STOP_SECONDS = 35


def binary():
    """The `portcullis` to measure: env PORTCULLIS_BIN, or a release build of this project."""
    named = os.environ.get("PORTCULLIS_BIN")
    if named:
        return named
    subprocess.run(["cargo", "build", "--release"], cwd=PROJECT, stdout=sys.stderr, check=True)
    metadata = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    output = subprocess.run(metadata, cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout
    return str(Path(json.loads(output)["target_directory"]) / "release" / "portcullis")


class GateProcess:
    """A running gate. `http` and `https` are the addresses it listens on, as `127.0.0.1:PORT`."""

    def __init__(self, directory, config, prefix=()):
        """Writes `config` (TOML, everything but the section `log`) into `directory` and starts the gate there.

        `prefix` is a command that ends by executing its arguments, such as `taskset -c 0`.
        """
        directory = Path(directory)
        ready, log, file = directory / "ready.json", directory / "gate.log", directory / "portcullis.toml"
        file.write_text(f'{config}\n[log]\naccess = false\nready_file = "{ready}"\n')
        command = [*prefix, binary(), "gate", "--config", str(file)]
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            addresses = self._wait_for(ready, log)
        except BaseException:
            self.stop()
            raise
        self.pid = self.process.pid
        self.http, self.https = addresses.get("http"), addresses.get("https")

    def _wait_for(self, ready, log):
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if self.process.poll() is not None:
                sys.exit(f"the gate ended with status {self.process.returncode}:\n{log.read_text()}")
            if time.monotonic() > deadline:
                sys.exit(f"the gate was not ready within {START_SECONDS} s:\n{log.read_text()}")
            time.sleep(0.02)
        return json.loads(ready.read_text())

    def stop(self):
        """Ends the gate as an operator would; returns its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def allow_many_files():
    """Raises the limit of open files, for this process and those it starts, as far as it may be raised."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
