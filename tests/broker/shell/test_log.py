"""A log that stays small and harms nobody."""

import os

from headway_broker.shell import log as rules
from headway_broker.shell.log import Log


def test_lines_have_the_time_before_them(tmp_path):
    log = Log(str(tmp_path))
    log.write("hello")
    log.close()
    line = (tmp_path / "broker.log").read_text()
    assert line.endswith(" hello\n")
    assert len(line) == len("2026-01-01 00:00:00.000 hello\n")


def test_a_log_goes_on_where_the_last_broker_stopped(tmp_path):
    for text in ("one", "two"):
        log = Log(str(tmp_path))
        log.write(text)
        log.close()
    assert len((tmp_path / "broker.log").read_text().splitlines()) == 2


def test_there_are_two_files_of_bounded_size_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "LIMIT", 1000)
    log = Log(str(tmp_path))
    for number in range(200):
        log.write(f"line {number}")
    log.close()
    assert sorted(os.listdir(tmp_path)) == ["broker.log", "broker.log.1"]
    assert all(os.path.getsize(tmp_path / name) <= 1000 for name in os.listdir(tmp_path))
    assert (tmp_path / "broker.log").read_text().endswith("line 199\n")


def test_the_file_is_private_and_links_are_not_followed(tmp_path):
    Log(str(tmp_path)).close()
    assert os.stat(tmp_path / "broker.log").st_mode & 0o077 == 0
    other = tmp_path / "other"
    other.mkdir()
    os.symlink(tmp_path / "target", other / "broker.log")
    log = Log(str(other))
    log.write("lost")
    log.close()
    assert not (tmp_path / "target").exists()


def test_a_log_that_cannot_be_written_is_done_without(tmp_path):
    log = Log(str(tmp_path / "none"))
    log.write("lost")
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_the_foreground_says_it_on_standard_error(tmp_path, capsys):
    Log(None, echo=True).write("hello")
    assert capsys.readouterr().err.endswith(" hello\n")
