"""A feed that has no broker: it folds in what a test tells it, and notes what is asked of it."""

from __future__ import annotations

from showcase import NOW, snapshot

from headway_viewer.replica.replica import Replica


class ToldFeed:
    """What a `Feed` is to whoever draws what comes."""

    def __init__(self, *operations):
        self.replica = Replica()
        self.lines = []
        self.requests = []
        self.replies = {}
        self.connected = True
        self.now = NOW
        self._coming = []
        self._number = 0
        self.tell(*operations)

    def tell(self, *operations):
        """Let a snapshot of these operations come with the next look."""
        self._number += 1
        self._coming.append(snapshot(operations, sequence=self._number))

    def clock(self):
        return self.now

    def note(self):
        return None if self.connected else "waiting for the broker"

    def wait(self, timeout, *, rest=False):
        coming, self._coming = self._coming, []
        for message in coming:
            self.replica.wanted = True
            self.replica.fold(message, self.now)
        return bool(coming)

    def request(self, verb, arguments):
        self.requests.append((verb, arguments))
        return len(self.requests)

    def reply(self, number):
        return self.replies.pop(number, None)
