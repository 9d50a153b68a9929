#!/usr/bin/env python3
"""Download wheels from the Python package index and unpack them, in stages that can be watched.

    python examples/fetch_wheels.py [--into DIR] NAME…

For each NAME the newest wheel that runs anywhere (or here) is found, downloaded with its bytes
counted, checked against its hash and unpacked. Needs nothing but the standard library and Headway.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import urllib.request
import zipfile

import headway

INDEX = "https://pypi.org/simple"
CHUNK = 64 * 1024


def find(name: str) -> dict:
    """The index's entry for the newest wheel of `name` that needs no compiler."""
    request = urllib.request.Request(
        f"{INDEX}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        files = json.load(answer)["files"]
    wheels = [
        entry
        for entry in files
        if entry["filename"].endswith(("none-any.whl", "abi3-manylinux2014_x86_64.whl"))
        and not entry.get("yanked")
    ]
    if not wheels:
        raise LookupError(f"{name} has no wheel that runs everywhere")
    return max(wheels, key=lambda entry: entry.get("upload-time") or "")


def download(entry: dict, path: str, *stages: headway.Stage) -> None:
    """Write the file of `entry` to `path`, and count its bytes in `stages`.

    Raise ValueError if its hash is not the index's.
    """
    digest = hashlib.sha256()
    with urllib.request.urlopen(entry["url"], timeout=30) as answer, open(path, "wb") as file:
        while True:
            chunk = answer.read(CHUNK)
            if not chunk:
                break
            file.write(chunk)
            digest.update(chunk)
            for stage in stages:
                stage.advance(len(chunk))
    if digest.hexdigest() != entry["hashes"]["sha256"]:
        raise ValueError(f"{entry['filename']}: the hash is not the one of the index")


def main() -> int:
    """Fetch what the command line names; the exit status is the program's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package of the index")
    parser.add_argument("--into", help="unpack here (default: a temporary directory)")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        into = arguments.into or temporary
        with headway.operation("fetch wheels") as operation:
            operation.plan("Find", "Download", "Unpack")
            with operation.stage("Find", total=len(arguments.names), unit="wheels") as stage:
                entries = []
                for name in arguments.names:
                    stage.update(detail=name)
                    entries.append(find(name))
                    stage.advance()
            sizes = [entry.get("size") for entry in entries]
            whole = sum(sizes) if all(sizes) else None
            with operation.stage("Download", total=whole, unit="B") as stage:
                for entry in entries:
                    name = entry["filename"].split("-")[0]
                    with stage.stage(name, total=entry.get("size"), unit="B") as part:
                        download(entry, os.path.join(temporary, entry["filename"]), stage, part)
            archives = [zipfile.ZipFile(os.path.join(temporary, e["filename"])) for e in entries]
            members = [(archive, member) for archive in archives for member in archive.infolist()]
            with operation.stage("Unpack", total=len(members), unit="files") as stage:
                for archive, member in members:
                    stage.update(detail=member.filename)
                    archive.extract(member, into)
                    stage.advance()
            operation.complete(f"{len(entries)} wheels, {len(members)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
