"""What a stage typically takes, from the runs of other operations."""

from headway_broker.estimates.prior import prior


def run(*seconds):
    return {"spans": [{"worked": worked} for worked in seconds]}


def test_every_run_weighs_the_same_however_many_stages_it_has():
    assert prior([run(*[1.0] * 100), run(10.0), run(20.0, 30.0)]) == 10.0


def test_one_that_took_for_ever_changes_little():
    assert prior([run(4.0), run(5.0), run(6.0), run(1e9)]) == 5.5


def test_too_few_runs_are_not_typical():
    assert prior([]) is None
    assert prior([run(4.0), run(5.0), run(), run(0.01)]) is None


def test_what_is_no_run_is_left_out():
    odd = [
        7,
        [],
        {},
        {"spans": 3},
        {"spans": [None, {}, {"worked": "x"}, {"worked": float("nan")}]},
        {"spans": [{"worked": 10**400}, {"worked": float("inf")}]},
    ]
    assert prior([*odd, run(4.0), run(5.0), run(6.0)]) == 5.0
