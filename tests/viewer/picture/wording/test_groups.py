import pytest
from showcase import NOW, operation

from headway_viewer.picture.wording.groups import summary_text


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["completed"], "1 ended in 38 s: 1 completed"),
        (
            ["completed", "failed", "cancelled"],
            "3 ended in 38 s: 1 completed, 1 cancelled, 1 failed",
        ),
        (["completed", "running"], "1 ended in 38 s: 1 completed, 1 still running"),
        (["running"], "1 still running"),
    ],
)
def test_the_tally_counts_what_became_of_all(states, words):
    made = [
        operation(f"op{n}", "x", state, started=-38.0, ended=None if state == "running" else 0.0)
        for n, state in enumerate(states)
    ]
    assert summary_text(made, NOW) == words


def test_the_tally_has_the_time_of_what_has_ended():
    earlier = operation("a", "x", "completed", started=-900.0, ended=-862.0)
    goes_on = operation("b", "y", started=-2000.0)
    assert summary_text([earlier, goes_on], NOW).startswith("1 ended in 38 s: ")
