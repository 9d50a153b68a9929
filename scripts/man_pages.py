#!/usr/bin/env python3
"""The manual pages of all commands, from their `--help`: `headway-run.1` and so on.

`scripts/man_pages.py FOLDER` writes them there. A build of the wheel puts them into share/man/man1:
pyproject.toml names this file as a hook of hatchling.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = [os.path.join(ROOT, room) for room in ("sdk", "broker", "viewer")]
WIDTH = "78"  # columns of what argparse wraps

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # outside of a build
    BuildHookInterface = object  # type: ignore[assignment,misc]


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
    """Adds the pages to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the pages, and say where they belong."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory(prefix="headway-man-")
        # A process of its own: what a build has imported stays as it is.
        subprocess.run([sys.executable, os.path.abspath(__file__), self.folder.name], check=True)
        for name in sorted(os.listdir(self.folder.name)):
            place = os.path.join(self.folder.name, name)
            build_data["shared_data"][place] = f"share/man/man1/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written."""
        del build_data, artifact_path
        if version != "editable":
            self.folder.cleanup()


def write(folder: str) -> None:
    """Write all pages into a folder."""
    sys.path[:0] = ROOMS
    os.environ["COLUMNS"] = WIDTH
    from headway import __version__  # noqa: PLC0415 - only now it is found
    from headway.commands.table import VERBS, load, main  # noqa: PLC0415

    pages = {"headway": page("headway", "the progress service of a machine", _said(main, []))}
    for verb, (_, about) in VERBS.items():
        function = load(verb)
        if function is not None:
            pages[f"headway-{verb}"] = page(f"headway-{verb}", about, _said(function, ["--help"]))
    for name, made in pages.items():
        with open(os.path.join(folder, f"{name}.1"), "w", encoding="utf-8") as file:
            file.write(made.replace("VERSION", __version__))


def _said(function: Any, arguments: list[str]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        function(arguments)
    return said.getvalue()


def page(name: str, about: str, said: str) -> str:
    """Return the page of a command: what its `--help` says, a section for each heading."""
    lines = [
        f'.TH {name.upper()} 1 "" "Headway VERSION" "Headway"',
        *(".SH NAME", f"{_roff(name)} \\- {_roff(about)}", ".SH SYNOPSIS", ".nf"),
    ]
    synopsis = True
    for line in said.rstrip().splitlines():
        if synopsis and not line.strip():
            synopsis = False
            lines += [".fi", ".SH DESCRIPTION", ".nf"]
        elif line.endswith(":") and line[:1].isalpha() and len(line) < 40:
            lines += [".fi", f".SH {_roff(line[:-1].upper())}", ".nf"]
        elif synopsis:
            lines.append(_roff(line[7:] if line.startswith("usage: ") else line))
        else:
            lines.append(_roff(line))
    return "\n".join([*lines, ".fi", ""])


def _roff(line: str) -> str:
    """Return a line so that roff prints it as it is."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line[:1] in (".", "'") else line


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
