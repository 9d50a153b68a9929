"""Which of several notifiers tells of something: the one to whom the broker grants it; pure."""

from __future__ import annotations

from typing import Any, Callable

from headway_viewer.notify.policy import Notice

AGAIN = 2.0  # seconds without a reply after which it is asked again
LIMIT = 1000  # notices that wait for a broker

Ask = Callable[[str, "dict[str, Any]"], "int | None"]
Reply = Callable[[int], Any]


class Claims:
    """Notices on their way through the broker's `claim`, in order.

    `ask(verb, arguments)` sends a request and returns its number, or None while there is no
    broker; `reply(number)` is its reply, or None until that has come.
    """

    def __init__(self, ask: Ask, reply: Reply) -> None:
        self._ask = ask
        self._reply = reply
        self._open: dict[str, tuple[Notice, int | None, float]] = {}

    def add(self, notice: Notice, now: float) -> None:
        """Ask whether `notice` is this notifier's to tell."""
        if len(self._open) < LIMIT:
            self._open[notice.key] = (notice, self._request(notice), now)

    def granted(self, now: float) -> list[Notice]:
        """Those that are, by the replies that have come."""
        mine: list[Notice] = []
        for key, (notice, number, since) in list(self._open.items()):
            reply = None if number is None else self._reply(number)
            if reply is not None:
                del self._open[key]
                # A broker that cannot say is no reason for silence.
                if reply.error or reply.result.get("granted"):
                    mine.append(notice)
            elif number is None or now - since >= AGAIN:
                self._open[key] = (notice, self._request(notice), now)
        return mine

    @property
    def waiting(self) -> bool:
        """Whether a reply is still to come."""
        return bool(self._open)

    def _request(self, notice: Notice) -> int | None:
        return self._ask("claim", {"key": notice.key})
