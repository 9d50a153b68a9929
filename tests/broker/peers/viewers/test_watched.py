"""Whether workers know that somebody follows."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def test_workers_hear_when_somebody_begins_to_follow_and_when_nobody_does(wired):
    worker = wired.worker()
    wired.core.subscribed(b"d", True)
    wired.tick()
    wired.core.subscribed(b"d", False)
    wired.tick()
    assert [m.watched for m in worker.heard(messages.Watched)] == [True, False]
