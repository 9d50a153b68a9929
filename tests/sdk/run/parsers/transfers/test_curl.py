from __future__ import annotations

from transcripts import play

from headway.run.parsers.transfers import curl
from headway.run.reading.events import OUTPUT, StageEnded, StageStarted


def test_the_meter_is_a_download_in_bytes():
    played = play(curl.Parser(), "curl.err")
    assert played.counts() == {"Download": (7812 * 1024, 7812 * 1024, "completed")}


def test_the_newer_wider_meter_is_read_too():
    machine = curl.Parser()
    events = machine.feed(
        " 45  7812k  45  3515k   0      0  3637k      0                  02 3635k", OUTPUT
    )
    assert events[-1][:3] == ("Download", 3515 * 1024, 7812 * 1024)


def test_the_bar_is_a_percentage():
    played = play(curl.Parser(), "curl-bar.pty")
    assert played.counts() == {"Download": (100, 100, "completed")}


def test_a_refusal_is_the_error():
    played = play(curl.Parser(), "curl-404.err", exit_status=22)
    assert played.failed == ["The requested URL returned error: 404"]


def test_the_next_of_several_transfers_is_another_run():
    machine = curl.Parser()
    machine.feed(
        " 90 100k   90  90k    0     0   10k      0  0:00:10  0:00:09  0:00:01  10k", OUTPUT
    )
    events = machine.feed(
        "  1 500k    1   5k    0     0   10k      0  0:00:50 --:--:-- --:--:--  10k", OUTPUT
    )
    assert events[:2] == [StageEnded("Download"), StageStarted("Download", 512000, "B")]


def test_several_at_once_are_counted_in_bytes():
    played = play(curl.Parser(), "curl-parallel.pty")
    assert played.counts() == {"Download": (119537664, None, "completed")}
