"""Claims: of several notifiers of one kind, the one that the broker grants a notice shows it.

Pure.
"""

from __future__ import annotations

from hashlib import blake2s
from typing import Any, Callable

from headway_viewer.notify.policy import Notice

RETRY_AFTER = 2.0  # seconds without a reply
FAILED_WAITS = 1.0  # seconds for which a channel that failed leaves a notice to another of its kind
MAX_PENDING = 1000  # notices that wait for a broker; more are dropped

Ask = Callable[[str, "dict[str, Any]"], "int | None"]
Reply = Callable[[int], Any]


class Claims:
    """Notices that wait for the reply to their `claim` request, in order.

    `ask(verb, arguments)` sends a request and returns its number, or None while there is no
    broker; `reply(number)` returns its reply, or None before that has come. Notifiers of the same
    `kind` tell once; "" is the desktop's, as of notifiers that know no kinds.
    """

    def __init__(self, ask: Ask, reply: Reply, kind: str = "") -> None:
        self._ask = ask
        self._reply = reply
        self._prefix = f"{kind} " if kind else ""
        # With the number of the request, and when it is sent again if no reply has come.
        self._open: dict[str, tuple[Notice, int | None, float]] = {}

    def add(self, notice: Notice, now: float, wait: float = 0.0) -> None:
        """Claim a notice for this notifier, in `wait` seconds."""
        if len(self._open) < MAX_PENDING:
            self._open[notice.key] = (
                (notice, None, now + wait) if wait else self._asked(notice, now)
            )

    def granted(self, now: float) -> list[Notice]:
        """Return the notices granted by the replies that have come."""
        mine: list[Notice] = []
        for key, (notice, number, again) in list(self._open.items()):
            reply = None if number is None else self._reply(number)
            if reply is not None:
                del self._open[key]
                # A broker that knows no claims: better notify twice than never.
                if reply.error or reply.result.get("granted"):
                    mine.append(notice)
            elif now >= again:
                self._open[key] = self._asked(notice, now)
        return mine

    @property
    def pending(self) -> bool:
        """Return whether replies are still to come."""
        return bool(self._open)

    def _asked(self, notice: Notice, now: float) -> tuple[Notice, int | None, float]:
        number = self._ask("claim", {"key": self._prefix + notice.key})
        return notice, number, now if number is None else now + RETRY_AFTER


def kind_to(channel: str, *address: str) -> str:
    """Return the kind of those that tell an address by a channel; it does not show the address."""
    told = "\0".join(address).encode("utf-8", "surrogatepass")
    return f"{channel}:{blake2s(told, digest_size=8).hexdigest()}"
