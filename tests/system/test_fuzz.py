"""A short run of what scripts/fuzz does for long: nothing raises, hangs, grows, or harms others."""

import sys

import pytest
from fuzzing import broker_core, live_broker


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_frames_that_nobody_would_send_harm_nobody(seed):
    assert broker_core.run(15_000, seed) == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at the broker in /proc")
def test_a_live_broker_goes_on_serving_valid_peers():
    assert live_broker.run(4.0, 1) == []
