"""How a command of several ended, from the exit status of its `headway run`. Pure."""

from __future__ import annotations

import signal

from headway.protocol import vocabulary
from headway.run.exit_status import signal_name

_BY_SIGNAL = (signal.SIGINT, signal.SIGTERM)
# As `Popen.returncode` has a death by a signal, and as a shell does.
CANCELLED = frozenset([-number for number in _BY_SIGNAL] + [128 + number for number in _BY_SIGNAL])


def ending_text(label: str, code: int, *, killed: bool = False) -> str:
    """Return "sh failed: exit status 7" for a `Popen.returncode` that is not 0.

    `killed` tells that a person wanted it killed.
    """
    if killed and code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return f"{label} cancelled: {vocabulary.killed_by('SIGKILL')}"
    if code in CANCELLED:
        number = -code if code < 0 else code - 128
        return f"{label} cancelled: {vocabulary.interrupted_by(signal_name(number))}"
    why = vocabulary.killed_by(signal_name(-code)) if code < 0 else vocabulary.exit_status(code)
    return f"{label} failed: {why}"
