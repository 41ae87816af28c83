"""The processor time of a tree of processes, and how much the machine itself wavers."""

import hashlib
import os
import time
from pathlib import Path


def used_seconds(pid):
    """Processor time of `pid` and all its descendants, every thread, to the nanosecond (/proc/PID/task/TID/schedstat)."""
    return sum(_of_threads(process) for process in _tree(pid)) / 1e9


def calibrate(cpu):
    """Seconds of a fixed piece of work on `cpu`: (processor time, wall clock).

    The first grows when the host slows, the second also when others use the processor.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        block, used, begun = bytes(1 << 20), time.thread_time(), time.perf_counter()
        for _ in range(100):
            hashlib.sha256(block).digest()
        return time.thread_time() - used, time.perf_counter() - begun
    finally:
        os.sched_setaffinity(0, before)


def _tree(root):
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    tree = [root]
    for process in tree:
        tree += children.get(process, [])
    return tree


def _of_threads(process):
    total = 0
    for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
        try:
            total += int(thread.read_text().split()[0])
        except OSError:
            continue
    return total
