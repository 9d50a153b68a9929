import io
import json

from showcase import NOW, installers, replica_of

from headway.protocol.messages import Lines
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.replica import Changes


class Stream(io.StringIO):
    """Remembers what had been written whenever it was flushed."""

    def __init__(self):
        super().__init__()
        self.flushed = []

    def flush(self):
        self.flushed.append(self.getvalue())


def test_every_line_is_flushed_as_it_is_written():
    replica, stream = replica_of(*installers()), Stream()
    display = Jsonl(replica, stream, lambda: None)
    display.show(replica.take(), None, NOW)
    display.show(Changes([made.id for made in installers()], [], False, None), None, NOW)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1 + len(installers())
    assert len(stream.flushed) == len(lines)
    assert all(shown.endswith("}\n") for shown in stream.flushed)


def test_nothing_is_written_where_nothing_changed():
    replica, stream = replica_of(*installers()), Stream()
    display = Jsonl(replica, stream, lambda: None)
    display.show(Changes([], [], False, None), "waiting for the broker", NOW)
    display.finish(NOW, "detached")
    assert stream.getvalue() == ""


def test_lines_of_other_operations_are_left_out():
    replica, stream = replica_of(*installers()), Stream()
    display = Jsonl(replica, stream, lambda: {"a"})
    lines = [Lines("i", 1, NOW, name, None, [name]) for name in ("a", "b")]
    display.log(lines, NOW)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["operation"] == "a"
