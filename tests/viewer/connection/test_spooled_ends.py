"""`headway ps` reads the ends that wait in the spool, and leaves them there."""

from __future__ import annotations

import os
import time

import pytest
from spool_files import left

from headway.model import Operation, Stage
from headway.states import COMPLETED, FAILED, RUNNING
from headway_viewer.connection import spooled_ends
from headway_viewer.connection.spooled_ends import SHOWN_SECONDS, read_ends, spool_depth


@pytest.fixture
def directory(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def ended(id_, state, ended):
    operation = Operation(id_, f"name {id_}")
    operation.move(RUNNING, ended - 1)
    operation.add_stage(Stage(1, "Run"))
    if state != RUNNING:
        operation.move(state, ended)
    return operation


def read_ours(now):
    """The ends that a test has left: a reporter of an earlier test may write here, too."""
    return [one for one in read_ends(now).operations if one.name.startswith("name ")]


def test_the_ends_are_read_in_their_order_and_stay(directory):
    now = time.monotonic()
    left(directory, "a", ended("later", FAILED, now))
    left(directory, "b", ended("earlier", COMPLETED, now - 10))
    for _ in range(2):
        found = read_ours(now)
        assert [(one.id, one.state, one.progress) for one in found] == [
            ("earlier", COMPLETED, 1.0),
            ("later", FAILED, 0.0),
        ]
        assert [stage.name for stage in found[0].stages.values()] == ["Run"]
        assert {one.pid for one in found} == {os.getpid()}


def test_of_what_stopped_or_failed_the_progress_is_its_share_and_never_whole(directory):
    now = time.monotonic()
    stopped, failed = ended("stopped", COMPLETED, now - 2), ended("failed", FAILED, now - 1)
    stopped.reason = "stopped at 15 of 20"
    for one, count in ((stopped, 15), (failed, 20)):
        stage = Stage(1, "Run", total=20)
        stage.move(RUNNING, now - 3)
        stage.done = count
        stage.move(one.state, now - 2, one.reason)
        one.stages[1] = stage
    left(directory, "a", stopped, failed)
    assert [(one.id, one.progress) for one in read_ours(now)] == [
        ("stopped", 0.75),
        ("failed", 0.99),
    ]


def test_the_last_end_of_a_large_file_is_read_too(directory):
    now = time.monotonic()
    several = [ended(f"op{number}", FAILED, now - 12 + number) for number in range(12)]
    for one in several:
        for number in range(2, 202):
            one.stages[number] = Stage(number, "x" * 500)
    left(directory, "a", *several)
    assert (directory / "unsent" / "a").stat().st_size > 1 << 20
    assert [one.id for one in read_ours(now)] == [one.id for one in several]


@pytest.mark.parametrize("limit", ["FILES_LIMIT", "BYTES_LIMIT"])
def test_of_more_than_is_read_the_latest_are_and_the_others_are_counted(
    directory, monkeypatch, limit
):
    now, names = time.monotonic(), ["older", "a", "b", "c"]
    for age, name in enumerate(reversed(names)):
        left(directory, name, ended(name, FAILED, now - age))
        written = time.time() - (2 * SHOWN_SECONDS if name == "older" else age)
        os.utime(directory / "unsent" / name, (written, written))
    size = (directory / "unsent" / "c").stat().st_size
    monkeypatch.setattr(spooled_ends, limit, 2 if limit == "FILES_LIMIT" else 2 * size + 50)
    found = read_ends(now)
    assert [one.id for one in found.operations] == ["b", "c"]
    assert found.unread == 1


def test_what_goes_on_or_is_old_or_of_before_the_reboot_is_left_out(directory):
    now = time.monotonic()
    left(directory, "a", ended("open", RUNNING, now))
    left(directory, "b", ended("old", COMPLETED, now - SHOWN_SECONDS - 1))
    left(directory, "c", ended("before", COMPLETED, now - 1), boot="another")
    assert read_ours(now) == []


def test_a_file_that_is_damaged_or_no_file_costs_no_other(directory):
    now = time.monotonic()
    left(directory, "a", ended("good", COMPLETED, now - 1))
    (directory / "unsent" / "cut").write_bytes((directory / "unsent" / "a").read_bytes()[:40])
    (directory / "unsent" / "noise").write_bytes(b"\xff" * 1000)
    (directory / "unsent" / "folder").mkdir()
    (directory / "unsent" / "link").symlink_to("/dev/zero")
    os.mkfifo(directory / "unsent" / "pipe")
    assert [one.id for one in read_ours(now)] == ["good"]


def test_without_a_spool_there_is_nothing(directory):
    assert read_ours(time.monotonic()) == []


def test_files_of_what_goes_on_wait_for_a_broker_too(directory):
    before, _ = spool_depth()  # a reporter of an earlier test may write here, too
    left(directory, "a", ended("open", RUNNING, time.monotonic()))
    left(directory, "b", ended("over", COMPLETED, time.monotonic()))
    (directory / "unsent" / ".broken-c").write_bytes(b"")
    (directory / "unsent" / ".will-d").write_bytes(b"")
    assert spool_depth() == (before + 2, 1)
