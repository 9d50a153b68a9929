import fcntl
import io
import os
import struct
import termios

import pytest

from headway_viewer.display.terminal_size import stream_columns, stream_lines, terminal_size


@pytest.fixture
def terminal():
    controller, descriptor = os.openpty()
    yield descriptor
    os.close(descriptor)
    os.close(controller)


def test_the_size_is_that_of_the_terminal_now(terminal):
    for size in ((30, 90), (12, 40)):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        assert terminal_size(terminal) == size[::-1]
        with open(terminal, "w", closefd=False) as stream:
            assert stream_columns(stream, {"COLUMNS": "7"}) == size[1]
            assert stream_lines(stream, {"LINES": "7"}) == size[0]


def test_a_terminal_that_does_not_know_its_size_has_80_by_24(terminal):
    assert terminal_size(terminal) == (80, 24)


def test_what_is_no_terminal_has_80_by_24_or_100_columns_for_a_stream(tmp_path):
    with open(tmp_path / "file", "w") as stream:
        assert terminal_size(stream.fileno()) == (80, 24)
        assert stream_columns(stream, {}) == 100
    assert stream_columns(io.StringIO(), {"COLUMNS": "x"}) == 100
    assert stream_lines(io.StringIO(), {}) == 24


def test_what_reads_a_pipe_prints_on_the_terminal_beside_it(terminal, tmp_path):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 77, 0, 0))
    reader, writer = os.pipe()
    with open(writer, "w") as pipe, open(tmp_path / "file", "w") as file:
        assert stream_columns(pipe, {}, terminal) == 77
        assert stream_columns(pipe, {"COLUMNS": "60"}, terminal) == 60
        assert stream_columns(file, {}, terminal) == 100
    os.close(reader)


def test_in_a_pipe_the_environment_has_the_size():
    environ = {"COLUMNS": "132", "LINES": "50"}
    assert stream_columns(io.StringIO(), environ) == 132
    assert stream_lines(io.StringIO(), environ) == 50
