"""What `headway logs` makes of the replies of the broker: what to print, when to stop. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from headway.formatting import quantity
from headway.model import Operation
from headway.states import COMPLETED

POLL_INTERVAL = 0.1  # seconds between requests where nothing new has come
ANSWER_TIMEOUT = 5.0  # seconds for the first output of an operation that goes on
ARRIVAL_TIMEOUT = 1.0  # seconds for what has not come yet, or may not come at all
REST_TIMEOUT = 5.0  # seconds for the rest of the output of one that has ended: it is on its way

NOTHING = "it printed nothing"
# Why there is none, for a person, by what the broker says.
_ABSENT = {
    "none": "its process keeps no output; that of `headway run` does",
    "restarted": "what it printed, if anything, is not here: it ended before this broker heard"
    " of it",
    "unheard": "its output was not kept: that of what fails or is cancelled is, and of what is"
    " followed",
    "own": "it reports itself, and keeps no output; `headway run` keeps that of what fails",
    "asked": "its process does not send its output: it does not answer, or is an older version",
}


class Step(NamedTuple):
    """What to do after a reply.

    Print `data` and the `note` (for a person), then ask again from `offset` on in `wait` seconds,
    or stop where that is None. `absent` says that there is no output, and why.
    """

    data: bytes = b""
    note: str | None = None
    wait: float | None = None
    absent: str | None = None


class LogReader:
    """The output of one operation as far as it has been read; with `follow`, until its end."""

    def __init__(self, *, follow: bool, now: float) -> None:
        self.offset = 0
        self._follow = follow
        self._since = now  # nothing has changed
        self._state: tuple[object, bool] | None = None
        self._begun = False

    def take(self, result: dict[str, Any], operation: Operation, now: float) -> Step:
        """Take a reply to the request `logs`; `operation` is what is known of it now."""
        found = result.get("found")
        data = result.get("data")
        if data or self._state != (found, operation.open):
            self._state = (found, operation.open)
            self._since = now
        if found != "here" or not isinstance(data, bytes):
            # A program that has reported itself has no exit status to tell.
            own = found == "unheard" and operation.state == COMPLETED
            own = own and operation.exit_status is None
            return self._absent("own" if own else str(found), now)
        start, end, total = (_whole(result.get(name)) for name in ("offset", "end", "total"))
        note = None
        if start > self.offset:
            note = dropped_text(start - self.offset, beginning=not self._begun)
        self._begun = True
        self.offset = start + len(data)
        if self.offset < end:
            return Step(data, note, 0.0 if data else POLL_INTERVAL)
        if result.get("complete") is True:
            return Step(data, NOTHING if not (total or note) else note)
        waited = now - self._since
        if operation.open:
            over = not self._follow and (self.offset >= total or waited >= ARRIVAL_TIMEOUT)
        else:
            over = waited >= REST_TIMEOUT
            if over:
                note = "the end of its output did not arrive"
        return Step(data, note, None if over else POLL_INTERVAL)

    def _absent(self, found: str, now: float) -> Step:
        waited = now - self._since
        patience = ANSWER_TIMEOUT if found == "asked" else ARRIVAL_TIMEOUT
        if found in ("none", "restarted") or waited >= patience:
            return Step(absent=_ABSENT.get(found, _ABSENT["asked"]))
        return Step(wait=POLL_INTERVAL)


def dropped_text(size: int, *, beginning: bool) -> str:
    """Return that bytes were dropped: the first ones, or some between."""
    amount = quantity.amount(size, None, "B")
    return f"first {amount} dropped" if beginning else f"{amount} dropped here"


def _whole(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0
