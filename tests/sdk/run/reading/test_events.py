from __future__ import annotations

from headway.run.progress import operation_updater
from headway.run.reading.events import EVENTS


def test_the_reporter_knows_every_event():
    assert set(operation_updater._APPLY) == set(EVENTS)
