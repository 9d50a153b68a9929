"""A run against its usual."""

import pytest

from headway.estimate import Run
from headway.estimate.history.span import Span
from headway_broker.history.explanation import chain, explain, lines, record, verdict


def run(fetch=12.0, build=20.0, beside=0.0, load=None, waited=0.0):
    spans = [Span("Fetch", 0.0, fetch, fetch), Span("Build", fetch, fetch + build, build)]
    made = Run(fetch + build, spans, [], beside, None, waited)
    made.load = load
    return made


EARLIER = [run(11.0), run(12.0), run(13.0)]


def told(made, earlier=EARLIER, **options):
    return verdict(explain(made, earlier, **options))


def test_what_took_clearly_longer_than_usual_is_the_reason():
    assert told(run(37.2)) == "Fetch took 3.1 × its usual 12 s, the rest as always"


def test_company_is_told_beside_what_is_usual():
    assert told(run(37.2, beside=6.0)) == (
        "Fetch took 3.1 × its usual 12 s, the rest as always; 6 others ran (usually none)"
    )


def test_waiting_for_processors_is_told_where_it_is_more_than_usual():
    busy = [run(load=0.5), run(load=0.5)]
    assert told(run(load=0.55), busy) == "as always"
    assert told(run(load=0.9), busy) == (
        "as always; programs waited for a processor 90% of the time (usually 50%)"
    )


def test_time_that_was_waited_is_told_apart():
    assert told(run(waited=40.0)) == "as always; 40 s of waiting not counted"


def test_a_run_as_always_has_no_reason():
    assert told(run(12.5)) == "as always"


def test_a_stage_that_lost_nothing_that_matters_is_no_reason():
    short = [Run(100.0, [Span("a", 0.0, 0.01, 0.01), Span("b", 0.01, 100.0, 99.99)])] * 3
    now = Run(100.1, [Span("a", 0.0, 0.1, 0.1), Span("b", 0.1, 100.1, 100.0)])
    assert told(now, short) == "as always"


def test_without_earlier_runs_that_is_said():
    assert told(run(), []) == "nothing to compare with: no earlier run is remembered"


def test_what_was_cut_short_was_not_fast():
    assert told(run(12.0, 3.0), short=True) == (
        "it did not come to its end, so that it was not fast"
    )
    assert told(run(37.2, 3.0), short=True) == "Fetch took 3.1 × its usual 12 s"
    assert told(run(2.4, 3.0), short=True) == "Fetch took 0.2 × its usual 12 s"
    assert told(run(2.4, 30.0), short=True).startswith("Build took 1.5 × its usual 20 s")
    whole = record(explain(run(12.0, 3.0), EARLIER, short=True))
    assert [stage["cut"] for stage in whole["stages"]] == [False, True]


def test_what_made_it_faster_is_told_as_well():
    assert told(run(2.4)) == "Fetch took 0.2 × its usual 12 s, the rest as always"


def test_a_command_without_stages_is_held_against_its_whole():
    assert (
        told(Run(48.0, []), [Run(20.0, []), Run(24.0, [])]) == "all of it took 2.2 × its usual 22 s"
    )


def test_a_new_stage_and_one_that_did_not_run_are_named():
    now = Run(30.0, [Span("Build", 0.0, 20.0, 20.0), Span("Migrate", 20.0, 30.0, 10.0)])
    assert told(now) == "Migrate (10 s) is new, Fetch did not run"


def test_of_a_run_that_goes_on_only_what_is_late_already_is_told():
    begun = Run(5.0, [Span("Fetch", 0.0, 5.0, 5.0)])
    assert told(begun, going=True, open_keys=["Fetch"]) == "as always so far"
    late = Run(37.2, [Span("Fetch", 0.0, 37.2, 37.2)])
    assert told(late, going=True, open_keys=["Fetch"]) == (
        "Fetch has taken 3.1 × its usual 12 s so far"
    )


def test_time_outside_the_stages_is_a_reason_too():
    def spread(gap):
        spans = [Span("a", 0.0, 5.0, 5.0), Span("b", 5.0 + gap, 10.0 + gap, 5.0)]
        return Run(10.0 + gap, spans)

    assert told(spread(20.0), [spread(2.0)] * 3) == (
        "outside the stages took 10 × its usual 2 s, the rest as always"
    )


def test_of_a_single_stage_the_time_outside_is_told_by_its_name():
    def late(gap):
        return Run(10.0 + gap, [Span("Run", gap, 10.0 + gap, 10.0)])

    assert told(late(20.0), [late(2.0)] * 3) == (
        "before or after Run took 10 × its usual 2 s, the rest as always"
    )
    assert "made its length" not in lines(explain(late(20.0), [late(2.0)]))[-1]


def test_the_chain_is_what_made_the_length():
    spans = [
        Span("short", 0.0, 3.0, 3.0),
        Span("long", 0.0, 9.0, 9.0),
        Span("last", 9.0, 12.0, 3.0),
        Span("beside", 3.0, 8.0, 5.0),
    ]
    assert [span.key for span in chain(spans, 12.0)] == ["long", "last"]
    made = explain(Run(12.0, spans), [])
    assert record(made)["chain"] == ["long", "last"]
    assert [line[0] for line in lines(made)] == [" ", " ", ">", " ", ">", ">"]
    assert chain([], 0.0) == []


def test_for_a_gantt_each_stage_has_its_times_and_the_usual_start():
    before = Run(13.0, [Span("Fetch", 0.0, 12.0, 12.0), Span("Test", 12.0, 13.0, 1.0)])
    stages = record(explain(run(14.0), [before] * 3))["stages"]
    times = [(one["name"], one["start"], one["end"], one["usual_start"]) for one in stages]
    assert times == [
        ("Fetch", 0.0, 14.0, 0.0),
        ("Build", 14.0, 34.0, None),
        ("Test", None, None, 12.0),
    ]


def test_stages_inside_others_stand_for_them():
    spans = [Span("all", 0.0, 9.0, 9.0, group=True), Span("all\x1fpart", 0.0, 9.0, 9.0)]
    made = explain(Run(9.0, spans), [])
    assert [stage.name for stage in made.stages] == ["all / part"]


def test_names_are_hostile_text_and_lines_fit():
    spans = [Span("\x1b[31m" + "x" * 300, 0.0, 9.0, 9.0), Span("日本語" * 20, 0.0, 1.0, 1.0)]
    made = explain(Run(9.0, spans), [Run(1.0, [Span(span.key, 0.0, 1.0, 1.0) for span in spans])])
    assert all("\x1b" not in line and len(line) < 80 for line in lines(made))
    assert "\x1b" not in verdict(made)


@pytest.mark.parametrize("seconds", [None, 0.0, 1e15])
def test_durations_that_cannot_be_compared_raise_nothing(seconds):
    odd = Run(seconds, [Span("a", 0.0, 0.0, 0.0), Span("b", 5.0, 1.0, 1e15)])
    for now, earlier in ((odd, EARLIER), (run(), [odd]), (odd, [odd])):
        made = explain(now, earlier)
        assert verdict(made)
        assert lines(made)
        assert record(made)
