"""Claims: of several notifiers of one kind, the one that the broker grants a notice shows it.

Pure.
"""

from __future__ import annotations

from hashlib import blake2s
from typing import Any, Callable

from headway_viewer.notify.policy import Notice

RETRY_AFTER = 2.0  # seconds without a reply
FAILED_WAITS = 1.0  # seconds for which a channel that failed leaves a notice to another of its kind
MAX_ASKED = 10  # requests of one notice whose replies are looked for
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
        # With the numbers of its requests, and when it is sent again if no reply has come.
        self._open: dict[str, tuple[Notice, tuple[int, ...], float]] = {}

    def add(self, notice: Notice, now: float, wait: float = 0.0) -> None:
        """Claim a notice for this notifier, in `wait` seconds."""
        if len(self._open) < MAX_PENDING:
            self._open[notice.key] = (notice, (), now + wait)
            if not wait:
                self._ask_for(notice, now)

    def granted(self, now: float) -> list[Notice]:
        """Return the notices granted by the replies that have come."""
        mine: list[Notice] = []
        for key, (notice, numbers, again) in list(self._open.items()):
            replies = {number: self._reply(number) for number in numbers}
            came = [number for number, reply in replies.items() if reply is not None]
            if came:
                del self._open[key]
                # A broker that knows no claims: better notify twice than never. Likewise where an
                # earlier request has no reply, which come in their order: it was lost, and may have
                # been granted.
                lost = any(number < came[0] for number in numbers)
                if lost or any(_is_granted(replies[number]) for number in came):
                    mine.append(notice)
            elif now >= again:
                self._ask_for(notice, now)
        return mine

    @property
    def pending(self) -> bool:
        """Return whether replies are still to come."""
        return bool(self._open)

    def _ask_for(self, notice: Notice, now: float) -> None:
        numbers = self._open[notice.key][1]
        number = self._ask("claim", {"key": self._prefix + notice.key})
        if number is None:
            self._open[notice.key] = notice, numbers, now
        else:
            self._open[notice.key] = notice, (*numbers, number)[-MAX_ASKED:], now + RETRY_AFTER


def _is_granted(reply: Any) -> bool:
    return bool(reply.error or reply.result.get("granted"))


def kind_to(channel: str, *address: str) -> str:
    """Return the kind of those that tell an address by a channel; it does not show the address."""
    told = "\0".join(address).encode("utf-8", "surrogatepass")
    return f"{channel}:{blake2s(told, digest_size=8).hexdigest()}"
