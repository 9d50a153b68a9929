import sys

from machine import until

from headway_viewer.top.facts import EarlierRuns
from headway_viewer.top.history_lookup import FRESH, REST, TRIES, HistoryLookup


def told(answer):
    """A lookup whose command prints `answer`, and how often it was run."""
    return HistoryLookup((sys.executable, "-S", "-c", f"print({answer!r})"))


def looked(lookup, going=True, since=0.0):
    """What it knows once it has been looked at for long enough."""
    lookup.look("7f3aaaaaaaaa", going, since)
    lookup.look("7f3aaaaaaaaa", going, since + REST)
    until(lambda: lookup.look("7f3aaaaaaaaa", going, since + REST) != EarlierRuns(), "an answer")
    return lookup.look("7f3aaaaaaaaa", going, since + REST)


def done(lookup):
    lookup.look("7f3aaaaaaaaa", False, REST)
    return not lookup.asking


def test_the_answer_is_taken_in_when_it_has_come_and_kept():
    lookup = told('{"earlier": [3, 4.5], "verdict": "as always"}')
    assert looked(lookup) == EarlierRuns((3.0, 4.5), "as always")
    lookup.look("2c9aaaaaaaaa", True, 2.0)
    assert lookup.look("7f3aaaaaaaaa", True, FRESH / 2) == EarlierRuns((3.0, 4.5), "as always")
    assert not lookup.asking


def test_nothing_is_asked_about_what_is_passed_by():
    lookup = told("{}")
    for number in range(10):
        lookup.look(f"{number:012}", True, number * REST / 2)
    assert not lookup.asking


def test_an_answer_that_makes_no_sense_is_none():
    for answer in ("", "[1, 2]", "{nonsense", '{"earlier": "x"}'):
        lookup = told(answer)
        lookup.look("7f3aaaaaaaaa", False, 0.0)
        assert lookup.look("7f3aaaaaaaaa", False, REST) == EarlierRuns()
        until(lambda one=lookup: done(one), "an answer")
        assert lookup.look("7f3aaaaaaaaa", False, REST) == EarlierRuns()


def test_a_command_that_cannot_be_run_and_one_that_hangs_do_no_harm():
    missing = HistoryLookup(("/nonexistent/python",))
    missing.look("7f3aaaaaaaaa", True, 0.0)
    assert missing.look("7f3aaaaaaaaa", True, REST) == EarlierRuns()
    hangs = HistoryLookup((sys.executable, "-S", "-c", "import sys; sys.stdin.close(); input()"))
    hangs.look("7f3aaaaaaaaa", True, 0.0)
    hangs.look("7f3aaaaaaaaa", True, REST)
    hangs.close()
    assert not hangs.asking


def test_a_command_that_cannot_be_run_is_tried_again_only_after_a_while(tmp_path):
    command = tmp_path / "headway"
    for going in (True, False):
        lookup = HistoryLookup((str(command),))
        lookup.look("7f3aaaaaaaaa", going, 0.0)
        lookup.look("7f3aaaaaaaaa", going, 100.0)
        command.write_text("#!/bin/sh\necho '{}'\n")
        command.chmod(0o700)
        lookup.look("7f3aaaaaaaaa", going, 100.1)
        assert not lookup.asking
        lookup.look("7f3aaaaaaaaa", going, 100.1 + FRESH)
        assert lookup.asking
        lookup.close()
        command.unlink()


def test_what_has_ended_is_looked_up_a_few_times_where_that_cannot_be_started(tmp_path):
    command = tmp_path / "headway"
    lookup = HistoryLookup((str(command),))
    for number in range(TRIES + 1):
        lookup.look("7f3aaaaaaaaa", False, number * 2 * FRESH)
    command.write_text("#!/bin/sh\necho '{}'\n")
    command.chmod(0o700)
    lookup.look("7f3aaaaaaaaa", False, (TRIES + 1) * 2 * FRESH)
    assert not lookup.asking
