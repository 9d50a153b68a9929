"""New files of the spool are noticed as they come."""

import os
import select
import sys

import pytest

from headway_broker.shell.spool_watch import SETTLE, SpoolWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "unsent"
    made.mkdir()
    return made


@pytest.fixture
def watch(folder):
    made = SpoolWatch(str(folder))
    made.renew()
    yield made
    made.close()


def write(folder, name):
    (folder / ".x.tmp").write_bytes(b"x")
    os.rename(folder / ".x.tmp", folder / name)


def test_a_file_is_noticed_and_the_spool_read_a_moment_later(watch, folder):
    assert not watch.look(1.0)
    assert watch.deadline() is None
    write(folder, "a")
    assert select.select([watch.descriptor], [], [], 0)[0]
    assert not watch.look(1.0)
    write(folder, "b")
    assert not watch.look(1.0 + SETTLE / 2)
    assert watch.deadline() == 1.0 + SETTLE
    assert watch.look(1.0 + SETTLE)
    assert not watch.look(2.0)


def test_what_is_hidden_or_not_whole_may_wait(watch, folder):
    (folder / ".y.tmp").write_bytes(b"x")
    write(folder, ".deaf")
    assert not watch.look(1.0)
    assert watch.deadline() is None


def test_a_folder_that_comes_later_or_again_is_watched(watch, folder):
    folder.rmdir()
    watch.look(1.0)
    watch.renew()  # it is not there
    folder.mkdir()
    watch.renew()
    write(folder, "a")
    watch.look(2.0)
    assert watch.look(2.0 + SETTLE)


def test_without_inotify_nothing_is_noticed(monkeypatch, folder):
    monkeypatch.setattr(sys, "platform", "darwin")
    watch = SpoolWatch(str(folder))
    watch.renew()
    write(folder, "a")
    assert (watch.descriptor, watch.look(1.0), watch.deadline()) == (None, False, None)
    watch.close()
