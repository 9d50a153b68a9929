from __future__ import annotations

from typing import get_args

from headway.run.progress import operation_updater
from headway.run.reading.events import Event


def test_the_reporter_knows_every_event():
    assert set(operation_updater._APPLY) == set(get_args(Event))
