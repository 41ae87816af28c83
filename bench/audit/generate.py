#!/usr/bin/env python3
"""Makes the input of the benchmark in a folder: a lockfile of 1,200 packages and 100,000 advisories in OSV's format.

Names and versions are drawn with a fixed seed, so that every run has the same. One advisory in 250 is about a package of
the lockfile; of those about half affect the installed version. The rest are about 60,000 other packages.
"""
import json
import pathlib
import random
import sys

PACKAGES, ADVISORIES, OTHERS = 1_200, 100_000, 60_000

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
random.seed(20261120)


def version():
    return f"{random.randrange(1, 9)}.{random.randrange(20)}.{random.randrange(30)}"


installed = {f"installed-{index}": version() for index in range(PACKAGES)}
names = list(installed)
direct = {name: f"^{installed[name]}" for name in names[:60]}
packages = {"": {"name": "bench", "version": "1.0.0", "dependencies": direct}}
for index, name in enumerate(names):
    # A tree: each package asks for up to three that come later, so that everything is reached.
    children = [child for child in range(index * 2 + 58, index * 2 + 61) if 60 <= child < PACKAGES]
    packages[f"node_modules/{name}"] = {
        "version": installed[name],
        "resolved": f"https://registry.npmjs.org/{name}/-/{name}-{installed[name]}.tgz",
        "integrity": "sha512-" + "A" * 86 + "==",
        "license": "MIT",
        "dependencies": {names[child]: f"^{installed[names[child]]}" for child in children},
    }
lock = {"name": "bench", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
(folder / "package.json").write_text(json.dumps({"name": "bench", "version": "1.0.0", "private": True, "dependencies": direct}, indent=2))
(folder / "package-lock.json").write_text(json.dumps(lock, indent=2))

with open(folder.parent / "advisories.jsonl", "w") as out:
    for index in range(ADVISORIES):
        name = random.choice(names) if index % 250 == 0 else f"other-{random.randrange(OTHERS)}"
        out.write(json.dumps({
            "schema_version": "1.7.0",
            "id": f"GHSA-bnch-{index // 10000:04d}-{index % 10000:04d}",
            "modified": "2026-11-20T00:00:00Z",
            "aliases": [f"CVE-2026-{index:06d}"],
            "summary": "A hole of the benchmark, described in about as many words as is usual",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
            "affected": [{
                "package": {"ecosystem": "npm", "name": name},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": version()}]}],
            }],
            "references": [{"type": "ADVISORY", "url": f"https://github.com/advisories/GHSA-bnch-{index}"}],
            "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-400"]},
        }) + "\n")
