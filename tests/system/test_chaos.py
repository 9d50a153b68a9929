"""A minute of chaos: no final state is lost and none is false, whatever is killed."""

import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scripts/chaos needs Linux")
def test_a_minute_of_chaos_loses_no_final_state_and_shows_no_false_one():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEADWAY")}
    environ["CHAOS_PYTHON"] = sys.executable
    done = subprocess.run(
        [f"{ROOT}/scripts/chaos", "--minutes", "1", "--workers", "16", "--viewers", "6"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "final states lost   0\n" in done.stdout
    assert "false states        0\n" in done.stdout
