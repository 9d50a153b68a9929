import fcntl
import gc
import io
import os
import pty
import resource
import sys
import weakref

import pyte
import pytest

from progress_tracker.footer import StreamProxy, footer_of


class Terminal(io.StringIO):
    """A terminal of 40×10 that can be looked at."""

    def __init__(self):
        super().__init__()
        self.screen = pyte.Screen(40, 10)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.screen)

    def write(self, text):
        self._stream.feed(text)
        return len(text)

    def rows(self):
        return [row.rstrip() for row in self.screen.display if row.strip()]


def test_a_frame_is_redrawn_in_place():
    terminal = Terminal()
    footer = footer_of(terminal)
    for percent in range(5):
        footer.show(1, ["title", f"{percent}%"], 10)
    assert terminal.rows() == ["title", "4%"]
    footer.show(1, ["shorter"], 10)
    assert terminal.rows() == ["shorter"]


def test_frames_of_several_owners_stand_below_each_other():
    terminal = Terminal()
    footer = footer_of(terminal)
    footer.show(1, ["first"], 10)
    footer.show(2, ["second", "more"], 10)
    footer.show(1, ["first again"], 10)
    assert terminal.rows() == ["first again", "second", "more"]
    footer.leave(1, ["first has ended"])
    footer.show(2, ["second", "less"], 10)
    assert terminal.rows() == ["first has ended", "second", "less"]


def test_what_the_program_prints_comes_above_whole():
    terminal = Terminal()
    footer = footer_of(terminal)
    stream = StreamProxy(footer, terminal)
    footer.show(1, ["frame"], 10)
    print("one", "two", file=stream)
    stream.writelines(["three\n", "four\n"])
    assert terminal.rows() == ["one two", "three", "four", "frame"]
    print("part", end="", file=stream)
    assert terminal.rows() == ["one two", "three", "four", "part"]
    footer.show(1, ["frame"], 10)
    assert terminal.rows() == ["one two", "three", "four", "part", "frame"]


def test_more_rows_than_the_terminal_has_are_cut_from_above():
    terminal = Terminal()
    footer = footer_of(terminal)
    for _ in range(3):
        footer.show(1, [f"row {number}" for number in range(50)], 10)
    assert terminal.rows()[-1] == "row 49"
    assert len(terminal.rows()) == 9


def test_one_terminal_has_one_footer_and_a_stream_that_is_none_changes_nothing():
    terminal = Terminal()
    assert footer_of(terminal) is footer_of(terminal)
    assert footer_of(StreamProxy(footer_of(terminal), terminal)) is footer_of(terminal)
    before = sys.stdout
    footer_of(terminal).show(1, ["x"], 10)
    assert sys.stdout is before


def test_a_stream_that_is_closed_or_broken_harms_nothing():
    class Broken(Terminal):
        tried = 0

        def write(self, _text):
            self.tried += 1
            raise BrokenPipeError

    broken = Broken()
    footer = footer_of(broken)
    footer.show(1, ["x"], 10)
    footer.leave(1, ["y"])
    assert broken.tried
    closed = Terminal()
    footer = footer_of(closed)
    closed.close()
    footer.show(1, ["x"], 10)
    footer.leave(1, ["y"])


def test_no_stream_is_kept_after_its_last_frame():
    terminal = Terminal()
    stream = weakref.ref(terminal)
    footer = footer_of(terminal)
    footer.show(1, ["x"], 10)
    footer.leave(1, ["y"])
    del footer, terminal
    gc.collect()
    assert stream() is None


def test_a_terminal_with_a_high_descriptor_is_drawn_on():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1100:
        pytest.skip("no such descriptor can be had")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1100), hard))
    master, slave = pty.openpty()
    try:
        high = fcntl.fcntl(slave, fcntl.F_DUPFD, 1050)
        with open(high, "w") as terminal:
            footer_of(terminal).show(1, ["frame"], 10)
        assert b"frame" in os.read(master, 100)
    finally:
        os.close(master)
        os.close(slave)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
