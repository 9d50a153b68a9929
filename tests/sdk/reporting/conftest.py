"""Operations that took long enough for a receipt."""

import pytest

import headway
from headway.reporting.receipts import LEAST_SECONDS

LONG = 2 * LEAST_SECONDS


@pytest.fixture
def end(reporter, clock):
    """Runs an operation for so long, by default a long one; returns it."""

    def run(name="Work", seconds=LONG, state="completed", **options):
        made = headway.operation(name, **options).start()
        clock.advance(seconds)
        made.complete() if state == "completed" else made.fail("broken")
        return made

    return run
