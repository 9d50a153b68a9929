import pytest

from headway_viewer.commands.exit_status import exit_status


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["completed"], 0),
        (["completed", "failed"], 1),
        (["crashed"], 1),
        (["completed", "cancelled"], 130),
        (["cancelled", "failed"], 1),
        ([], 4),
    ],
)
def test_the_exit_status_tells_how_they_ended(states, status):
    assert exit_status(states) == status


def test_what_ended_without_a_verdict_has_a_status_of_its_own_unless_another_failed():
    assert exit_status(["completed", "ended"]) == 5
    assert exit_status(["ended", "cancelled"]) == 130
    assert exit_status(["ended", "failed"]) == 1
