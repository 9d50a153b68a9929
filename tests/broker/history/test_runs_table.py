"""The runs of one operation beside each other."""

from headway.estimate import Run
from headway.estimate.history.span import Span
from headway_broker.history import runs_table
from headway_broker.history.summary import Dated


def run(ended, fetch, build, beside=0.0):
    spans = [Span("fetch", 0.0, fetch, fetch), Span("build", fetch, fetch + build, build)]
    return Dated(ended, Run(fetch + build, spans, beside=beside))


RUNS = [run(1.0, 10.0, 20.0), run(2.0, 12.0, 20.0), run(3.0, 34.1, 21.0, beside=6.0)]


def test_the_newest_run_is_told_by_what_took_longer_than_usual():
    assert runs_table.reasons(RUNS) == "newest: fetch ×3.1, 6 others ran"
    assert runs_table.reasons([RUNS[0], RUNS[0]]) == "newest: as before"
    assert runs_table.reasons([RUNS[0]] * 3) == "newest: as always"
    assert runs_table.reasons(RUNS[:1]) == "nothing to compare with yet"


def test_a_newest_run_that_was_faster_is_not_as_always():
    assert runs_table.reasons([*RUNS[:2], run(3.0, 3.0, 20.0)]) == "newest: fetch ×0.27"
    assert runs_table.reasons([run(1.0, 10.0, 0.0), run(2.0, 2.0, 0.0)]) == "newest: fetch ×0.20"
    bare = [Dated(float(at), Run(seconds, [])) for at, seconds in enumerate((10.0, 10.0, 20.0))]
    assert runs_table.reasons(bare) == "newest: all of it ×2.0"
    failed = Dated(4.0, Run(None, RUNS[0].run.spans[:1]))
    assert runs_table.reasons([*RUNS, failed]) == "newest: it did not succeed"


def test_every_stage_has_a_bar_for_every_run_and_its_usual_duration():
    lines = runs_table.lines("make", RUNS)
    assert lines[0] == "make"
    assert lines[3].split() == ["fetch", "▂▃█", "11", "s", "35", "s", "×3.1"]
    assert lines[4].split() == ["build", "███", "20", "s", "20", "s"]
    assert max(map(len, lines)) < 80


def test_a_stage_that_a_run_passed_over_has_no_bar_there():
    short = Dated(2.0, Run(20.0, [Span("build", 0.0, 20.0, 20.0)]))
    rows = {row.name: row for row in runs_table.table([RUNS[0], short])}
    assert rows["fetch"].seconds == [10.0, None]
    assert runs_table.sparkline(rows["fetch"].seconds) == "█ "


def test_names_are_hostile_text():
    spans = [Span("\x1b[31ma\x1fb", 0.0, 1.0, 1.0)]
    assert all(
        line.isprintable() for line in runs_table.lines("\x1b", [Dated(1.0, Run(1.0, spans))])
    )


def test_a_table_of_commas_has_a_line_for_every_stage_of_every_run():
    found = runs_table.comma_separated(RUNS[:1]).splitlines()
    assert found == ["ended,stage,seconds", "1.0,,30.0", "1.0,fetch,10.0", "1.0,build,20.0"]
