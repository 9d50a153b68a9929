from __future__ import annotations

from transcripts import play

from headway.run.parsers.transfers import wget


def test_rows_of_dots_and_the_bar_are_a_download_in_bytes():
    for name in ("wget.err", "wget.pty"):
        played = play(wget.Parser(), name, chunk=40)
        assert played.counts() == {"Download": (8_000_000, 8_000_000, "completed")}
        dones = played.dones("Download")
        assert dones == sorted(dones)
        assert len(dones) > 5


def test_an_unknown_length_stays_unknown():
    played = play(wget.Parser(), "wget-nolength.err")
    assert played.counts() == {"Download": (8_000_000, None, "completed")}


def test_a_refusal_is_the_error():
    assert play(wget.Parser(), "wget-404.err", exit_status=8).failed == ["404: Not Found."]


def test_a_quiet_one_that_shows_its_progress_is_a_percentage():
    for name in ("wget-show.pty", "wget-show-pipe.err"):
        played = play(wget.Parser(), name)
        assert played.counts() == {"Download": (100, 100, "completed")}
        assert played.stages["Download"]["unit"] == "%"
        assert len(set(played.dones("Download"))) > 5
