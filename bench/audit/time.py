#!/usr/bin/env python3
"""Times each command of a JSON list {name, command, codes, cwd}: wall clock of the whole process, alternately, median and
least of the runs. With --cold the page cache is dropped before each run, where the system lets us."""
import json
import statistics
import subprocess
import sys
import time

cold = "--cold" in sys.argv
rounds = int(sys.argv[2])
commands = json.load(open(sys.argv[1]))
times = {one["name"]: [] for one in commands}
for _ in range(rounds):
    for one in commands:
        if cold:
            subprocess.run(["sync"], check=True)
            with open("/proc/sys/vm/drop_caches", "w") as caches:
                caches.write("3")
        began = time.perf_counter()
        code = subprocess.run(one["command"], cwd=one["cwd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        took = time.perf_counter() - began
        if code not in one["codes"]:
            sys.exit(f"{one['name']} ended with {code}")
        times[one["name"]].append(took)
first = statistics.median(times[commands[0]["name"]])
print("| | median ms | least ms | times ours |\n|---|---|---|---|")
for name, took in times.items():
    median = statistics.median(took)
    print(f"| {name} | {median * 1000:.1f} | {min(took) * 1000:.1f} | {median / first:.1f} |")
