import os
import platform
import stat
import subprocess

import pytest

from headway.model import Operation
from headway.states import RUNNING
from headway_viewer.notify import foreground
from headway_viewer.notify.foreground import Foreground, active_window, pane_shown
from headway_viewer.notify.notice import Notice

PANES = """\
/dev/pts/1 1 1 1 $0
/dev/pts/2 0 1 1 $0
/dev/pts/3 1 0 1 $0
/dev/pts/4 1 1 0 $1
"""
FOCUSED, AWAY = "$0 attached,focused,UTF-8\n", "$0 attached,UTF-8\n"


@pytest.mark.parametrize(
    ("tty", "clients", "shown"),
    [
        ("/dev/pts/1", FOCUSED, True),
        ("/dev/pts/1", AWAY, False),
        ("/dev/pts/2", FOCUSED, False),  # another pane is active
        ("/dev/pts/3", FOCUSED, False),  # another window is
        ("/dev/pts/4", FOCUSED, False),  # nobody is attached
        ("/dev/pts/9", FOCUSED, None),  # no pane
    ],
)
def test_a_pane_is_in_front_where_it_is_the_active_one(tty, clients, shown):
    assert pane_shown(PANES, clients, tty) is shown


@pytest.mark.parametrize(
    ("answer", "window"),
    [
        ("_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007", 0x3A00007),
        ("_NET_ACTIVE_WINDOW(WINDOW): window id # 0x0", None),
        ("_NET_ACTIVE_WINDOW:  not found.", None),
        ("", None),
    ],
)
def test_the_active_window_is_what_the_x_server_says(answer, window):
    assert active_window(answer) == window


@pytest.fixture
def programs(monkeypatch, tmp_path):
    """A folder of programs that play tmux and xprop, and nothing else."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(foreground, "TIMEOUT", 60)  # of a busy machine

    def play(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    play("tmux", "exit 1")
    return play


def notice(tty="/dev/pts/1"):
    return Notice("k", "completed", "t", "b", "", operation="op", host=platform.node(), tty=tty)


def test_the_window_of_an_operation_is_that_of_its_process(programs, monkeypatch):
    programs("xprop", "echo 'window id # 0x2a'")
    process = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], "WINDOWID": "42"})
    made = Operation("op", "op")
    made.pid, made.tty, made.host = process.pid, "/dev/pts/1", platform.node()
    made.move(RUNNING, 1.0)
    seen, unseen = Foreground({"DISPLAY": ":0"}), Foreground({})
    try:
        seen.note(made)
        unseen.note(made)
    finally:
        process.kill()
        process.wait()
    assert seen.shows(notice()) is True
    assert unseen.shows(notice()) is None
    assert seen.shows(notice()) is None  # it has ended


def test_a_program_that_hangs_is_asked_once(programs, monkeypatch, tmp_path):
    monkeypatch.setattr(foreground, "TIMEOUT", 0.1)
    programs("tmux", f"echo x >> {tmp_path}/asked; exec sleep 60")
    shows = Foreground({})
    assert shows.shows(notice()) is None
    assert shows.shows(notice()) is None
    assert (tmp_path / "asked").read_text() == "x\n"


def test_what_runs_elsewhere_or_without_a_terminal_is_unknown(programs):
    programs("tmux", "echo '/dev/pts/1 1 1 1 $0'")
    assert Foreground({}).shows(notice()._replace(host="elsewhere")) is None
    assert Foreground({}).shows(notice(None)) is None
