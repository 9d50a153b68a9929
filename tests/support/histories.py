"""Histories in a directory of their own, and what is stored in them."""

import os
import time

from wired import WALL, Wired

from headway_broker.history import database
from headway_broker.history.writer import History
from headway_broker.state.effects import StoreOperation
from headway_broker.storage.row_mapping import row_of


class Opened:
    """Histories in a directory of their own, closed at the end."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, database.NAME)
        self.said = []
        self.wakes = 0
        self.open = []

    def history(self, place="/run/here"):
        history = History(self.directory, place, self.said.append, self.woken)
        self.open.append(history)
        history.start()
        return history

    def woken(self):
        self.wakes += 1

    def close(self):
        for history in self.open:
            history.stop(5.0)


def store(operation="op", ended=True, age=0.0, **changes):
    now = 100.0
    wired = Wired(now=now)
    worker = wired.worker()
    worker.start(operation)
    if ended:
        worker.end(operation)
    found = row_of(wired.core.ledger.entries[operation], WALL)
    return StoreOperation(found._replace(ended=time.time() - age if ended else None, **changes))


def result(history):
    # SQLite itself tries for ten seconds to make sense of an index that is damaged.
    return history.results.get(timeout=30)
