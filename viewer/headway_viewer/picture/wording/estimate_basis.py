"""What is known of an operation beside its counts: the work done, and what its estimate rests on.

Pure.
"""

from __future__ import annotations

from headway.formatting import quantity
from headway.model import Operation
from headway_viewer import formatting

# Below both, what the processes have done is the start of any program.
WORTH_SECONDS, WORTH_BYTES = 0.5, 1_000_000


def work_text(operation: Operation) -> str:
    """Return "read 120 MB, wrote 3 MB, 3.2 s CPU" of what a command's processes have done.

    "" while that is little. What another user's processes read cannot be seen, and it says so.
    """
    if operation.work is None:
        return ""
    cpu, read, written = operation.work
    if cpu < WORTH_SECONDS and max(read or 0, written or 0) < WORTH_BYTES:
        return ""
    parts = [
        f"{verb} {quantity.amount(size, None, 'B')}"
        for verb, size in (("read", read), ("wrote", written))
        if size is not None and size >= WORTH_BYTES
    ]
    parts.append(f"{formatting.duration(cpu)} CPU")
    if read is None:
        parts.append("what it reads and writes cannot be seen")
    return ", ".join(parts)


# What an estimate rests on, by `Estimate.basis`.
_BASES = {
    "history": "earlier runs",
    "rate": "its rate",
    "history+rate": "earlier runs and its rate",
    "work": "the work it has done, held against earlier runs",
    "lines": "the lines it has printed, held against earlier runs",
}


def basis_text(operation: Operation) -> str:
    """Return "estimated by its rate": what the estimate of an open operation rests on, or ""."""
    if operation.estimate is None or not operation.open:
        return ""
    known = _BASES.get(operation.estimate[3])
    return "" if known is None else f"estimated by {known}"
