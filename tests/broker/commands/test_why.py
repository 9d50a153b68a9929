"""`headway why`, from a history file with real runs and from what a broker tells."""

import json

import pytest

from headway.estimate import Run
from headway.estimate.history.span import Span
from headway_broker.commands import history, why
from headway_broker.history import queries
from headway_broker.history.database import connect
from headway_broker.history.summary import Dated
from headway_broker.state.effects import StoreRun


def run(fetch, operation):
    spans = [Span("Fetch", 0.0, fetch, fetch), Span("Build", fetch, fetch + 20.0, 20.0)]
    return {**Run(fetch + 20.0, spans, beside=0.0).to_dict(), "operation": operation}


@pytest.fixture
def remembered(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    connection = connect(history.history_path())
    for number, fetch in enumerate((11.0, 12.0, 13.0, 37.2), 1):
        job = StoreRun("k", run(fetch, f"abc{number}efghijkl"), "make all", ("wide",))
        queries.write(connection, "", job, float(number))
    queries.write(connection, "", StoreRun("other", run(9.0, "zzz1"), "twice"), 9.0)
    queries.write(connection, "", StoreRun("another", run(9.0, "zzz2"), "twice"), 9.0)
    connection.close()


def test_runs_that_were_reported_together_are_held_against_those_before_them():
    # A short program reports all it did when it ends: dated by then, in the order of their ends.
    runs = [one._replace(ended=60.0) for one in EARLIER]
    own = Dated(60.0, Run.from_dict(run(14.0, "abc9")), "abc9", "k", number=8)
    later = own._replace(operation="abcx", number=9)
    case = why.reported(facts(state="completed", ended=50.0), [*runs, own, later])
    assert len(case.earlier) == 3


def test_the_newest_run_of_a_name_is_held_against_those_before_it(remembered, capsys):
    assert why.main(["make all"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == (
        "make all (abc4efghijkl) completed in 57 s; usually 32 s (31 s to 33 s in 3 runs)"
    )
    assert shown[1] == "Fetch took 3.1 × its usual 12 s, the rest as always"
    assert shown[4].split() == ["Fetch", "37", "s", "12", "s", "3.1", "×"]


def test_the_command_line_of_a_script_names_its_runs(remembered, capsys):
    connection = connect(history.history_path())
    queries.write(connection, "", StoreRun("script", run(9.0, "dep1"), "deploy.sh"), 9.0)
    connection.close()
    assert why.main(["sh ./deploy.sh --prod"]) == 0
    assert capsys.readouterr().out.startswith("deploy.sh (dep1) completed in 29 s")


def test_an_earlier_run_is_named_by_its_operation_s_id(remembered, capsys):
    assert why.main(["ABC3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["usual"]["runs"], told["verdict"]) == ("abc3efghijkl", 2, "as always")
    assert [stage["name"] for stage in told["stages"]] == ["Fetch", "Build"]
    assert len(told["earlier"]) == 2


def test_a_first_run_has_nothing_to_be_compared_with(remembered, capsys):
    assert why.main(["abc1"]) == 0
    assert "nothing to compare with: no earlier run is remembered" in capsys.readouterr().out


def test_a_word_for_several_or_none_is_an_error_of_its_own(remembered, capsys):
    assert why.main(["abc"]) == why.main(["twice"]) == 2
    assert "abc1efghijkl, abc2efghijkl" in capsys.readouterr().err
    assert why.main(["nothing"]) == why.main(["%"]) == why.main(["___"]) == 4
    assert "no operation 'nothing', and none is remembered" in capsys.readouterr().err


def facts(**changes):
    told = {
        "operation": "abc9",
        "name": "make all",
        "state": "running",
        "key": "k",
        "coarser": [],
        "former": None,
        "ended": None,
        "estimate": [5.0, 8.0, 12.0, "history", 3],
        "run": Run(37.2, [Span("Fetch", 0.0, 37.2, 37.2)], beside=6.0).to_dict(),
        "going": ["Fetch"],
    }
    return {**told, **changes}


EARLIER = [
    Dated(float(n), Run.from_dict(run(12.0, f"o{n}")), f"o{n}", "k", number=n) for n in range(3)
]


def shown(told, runs=EARLIER):
    case = why.reported(told, runs)
    found = (
        None
        if case.run is None
        else why.explanation.explain(
            case.run, case.earlier, going=case.going, open_keys=case.open_keys
        )
    )
    return why.show(case, found)


def test_one_that_runs_is_told_so_far_with_what_is_left():
    assert shown(facts())[:2] == [
        "make all (abc9) has run for 37 s, about 8 s left; usually 32 s (3 runs)",
        "Fetch has taken 3.1 × its usual 12 s so far; 6 others run (usually none)",
    ]


def test_of_one_earlier_run_nothing_is_called_usual():
    lines = shown(facts(), EARLIER[:1])
    assert lines[:2] == [
        "make all (abc9) has run for 37 s, about 8 s left; one earlier run took 32 s",
        "Fetch has taken 3.1 × the 12 s of one earlier run so far; 6 others run (none before)",
    ]
    assert lines[3].split() == ["took", "before"]
    assert not any("usual" in line or "always" in line for line in lines)


def test_what_has_not_begun_says_so():
    assert shown(facts(run=None)) == ["make all (abc9): it has not begun"]


def test_the_stored_run_of_an_ended_operation_is_its_own_and_no_earlier_one():
    own = Dated(50.0, Run.from_dict(run(14.0, "abc9")), "abc9", "k", number=8)
    later = Dated(99.0, Run.from_dict(run(99.0, "abcx")), "abcx", "k", number=9)
    case = why.reported(facts(state="completed", ended=50.0), [*EARLIER, own, later])
    assert case.run is own.run
    assert len(case.earlier) == 3


def test_one_that_failed_is_told_by_what_it_had_taken():
    lines = shown(facts(state="failed", ended=50.0, going=[], estimate=None))
    assert lines[0].startswith("make all (abc9) failed after 37 s; usually 32 s")
    assert lines[1].startswith("Fetch took 3.1 × its usual 12 s")


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("failed", "the input ended at 1 of 3", "the input ended at 1 of 3"),
        ("waiting", "paused", "it is paused; `headway resume abc9` lets it go on"),
        ("waiting", "stopping (Ctrl+C again ends it)", "it is stopping (Ctrl+C again ends it)"),
        ("waiting", "the dpkg lock", "it waits for the dpkg lock"),
        ("waiting", "on input", "it waits on input"),
    ],
)
def test_the_known_reason_stands_below_the_title(state, reason, told):
    ended = 50.0 if state == "failed" else None
    assert shown(facts(state=state, reason=reason, ended=ended))[1] == told


def test_what_broke_is_told_with_the_last_line_that_it_printed():
    said = facts(state="failed", reason="exit status 3", printed="no space\x1b[m", ended=50.0)
    assert shown(said)[1:3] == ["exit status 3", "last printed: no space␛[m"]
    assert why.record(why.reported(said, EARLIER), None)["printed"] == "no space\x1b[m"


def test_a_broker_that_tells_no_reason_is_understood():
    assert why.record(why.reported(facts(), EARLIER), None)["reason"] is None


def test_runs_with_other_arguments_are_not_called_usual(remembered, capsys):
    connection = connect(history.history_path())
    queries.write(connection, "", StoreRun("k9", run(90.0, "new1"), "make one", ("wide",)), 20.0)
    connection.close()
    assert why.main(["make one"]) == 0
    title, verdict, *rest = capsys.readouterr().out.splitlines()
    assert title == (
        "make one (new1) completed in 1 min 50 s;"
        " of runs with other arguments, or elsewhere: 32 s (31 s to 50 s in 4 runs)"
    )
    assert verdict == "no run with these arguments is remembered"
    assert not any("×" in line for line in rest)
    assert why.main(["make one", "--json"]) == why.main(["make all", "--json"]) == 0
    one, every = map(json.loads, capsys.readouterr().out.splitlines())
    assert (one["unlike"], every["unlike"]) == (True, False)
    assert {stage["ratio"] for stage in one["stages"]} == {None}


def test_what_runs_is_told_of_runs_with_other_arguments_too():
    found = why.reported(facts(key="k9", coarser=["k"]), EARLIER)
    assert found.unlike
    assert not why.reported(facts(), EARLIER).unlike
