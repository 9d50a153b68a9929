import signal

import pytest

from headway.run.parallel.endings import ending_text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (7, "fail.sh failed: exit status 7"),
        (-signal.SIGKILL, "fail.sh failed: killed by SIGKILL"),
        (-signal.SIGINT, "fail.sh cancelled: interrupted by SIGINT"),
        (128 + signal.SIGTERM, "fail.sh cancelled: interrupted by SIGTERM"),
    ],
)
def test_a_command_that_did_not_succeed_is_told_with_why(code, told):
    assert ending_text("fail.sh", code) == told


def test_what_a_person_wanted_killed_is_cancelled():
    told = "cancelled: killed by SIGKILL"
    assert ending_text("sh", -signal.SIGKILL, killed=True) == f"sh {told}"
    assert ending_text("sh", 128 + signal.SIGKILL, killed=True) == f"sh {told}"
    assert ending_text("sh", 3, killed=True) == "sh failed: exit status 3"
