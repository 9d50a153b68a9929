"""Append what operations took to the summary of a CI job's step, each once.

The viewer process of a program writes it, with what each stage usually takes. Where that comes too
late, as its broker may on a busy machine, the program does at its exit: the step ends with it.
"""

from __future__ import annotations

import os

from headway.formatting.step_summary import summary
from headway.host.files.printed_ends import PrintedEnds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

    from headway.formatting.step_summary import Children
    from headway.model import Operation

PATH = "GITHUB_STEP_SUMMARY"  # the variable that names the file
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def path(environ: Mapping[str, str]) -> str | None:
    """Return the file of the summary, or None where there is none."""
    return environ.get(PATH) or None


def append(
    name: str,
    ended: Sequence[Operation],
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    inside: Children = lambda _operation: (),
) -> None:
    """Append the tables of those of `ended` that no process has appended. Raise OSError.

    `answers` and `inside` are those of `summary`.
    """
    if not ended:
        return
    descriptor = os.open(name, _FLAGS, 0o666)
    try:
        new = _claimed(descriptor, ended)
        text = summary(new, answers or {}, inside)
        if text:
            os.write(descriptor, f"{text}\n".encode("utf-8", "replace"))
    finally:
        os.close(descriptor)


def _claimed(descriptor: int, ended: Sequence[Operation]) -> list[Operation]:
    """Claim the ends for the file behind `descriptor`; return those that nobody had claimed."""
    ids = [operation.id for operation in ended]
    claims = PrintedEnds(descriptor)
    try:
        new = claims.claim(ids)
    finally:
        claims.close()
    return [operation for operation in ended if operation.id in new]
