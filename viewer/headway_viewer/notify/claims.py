"""Claims: of several notifiers, the one that the broker grants a notice shows it. Pure."""

from __future__ import annotations

from typing import Any, Callable

from headway_viewer.notify.policy import Notice

RETRY_AFTER = 2.0  # seconds without a reply
MAX_PENDING = 1000  # notices that wait for a broker; more are dropped

Ask = Callable[[str, "dict[str, Any]"], "int | None"]
Reply = Callable[[int], Any]


class Claims:
    """Notices that wait for the reply to their `claim` request, in order.

    `ask(verb, arguments)` sends a request and returns its number, or None while there is no
    broker; `reply(number)` returns its reply, or None before that has come.
    """

    def __init__(self, ask: Ask, reply: Reply) -> None:
        self._ask = ask
        self._reply = reply
        self._open: dict[str, tuple[Notice, int | None, float]] = {}

    def add(self, notice: Notice, now: float) -> None:
        """Claim a notice for this notifier."""
        if len(self._open) < MAX_PENDING:
            self._open[notice.key] = (notice, self._request(notice), now)

    def granted(self, now: float) -> list[Notice]:
        """Return the notices granted by the replies that have come."""
        mine: list[Notice] = []
        for key, (notice, number, since) in list(self._open.items()):
            reply = None if number is None else self._reply(number)
            if reply is not None:
                del self._open[key]
                # A broker that knows no claims: better notify twice than never.
                if reply.error or reply.result.get("granted"):
                    mine.append(notice)
            elif number is None or now - since >= RETRY_AFTER:
                self._open[key] = (notice, self._request(notice), now)
        return mine

    @property
    def pending(self) -> bool:
        """Return whether replies are still to come."""
        return bool(self._open)

    def _request(self, notice: Notice) -> int | None:
        return self._ask("claim", {"key": notice.key})
