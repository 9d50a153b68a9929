"""An operation against its earlier runs, as `headway why` tells it.

Shell. Only the broker's side knows the history; it is asked by a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

AT_ONCE = 2  # processes that look into the history; further requests wait for one of them
TIMEOUT = 40.0  # seconds: a busy machine takes ten to start Python
MOST_BYTES = 1 << 20  # of an answer
COMMAND = (sys.executable, "-m", "headway", "why")
_ID = re.compile(r"[0-9a-z]{3,32}")


def is_id(word: str) -> bool:
    """Return whether a word can be the id of an operation: a name or an option is none."""
    return _ID.fullmatch(word) is not None


def explain(operation: str, command: tuple[str, ...] = COMMAND) -> bytes | None:
    """Return the JSON of `headway why`; None where it knows nothing of the operation."""
    try:
        # The folder of this process is no place to find modules in.
        done = subprocess.run(  # noqa: S603 - the command itself, and an id
            [*command, operation, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0 or len(done.stdout) > MOST_BYTES:
        return None
    try:
        json.loads(done.stdout)
    except ValueError:
        return None
    return done.stdout
