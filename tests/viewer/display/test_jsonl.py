import io
import json

from showcase import NOW, installers, operation, replica_of

from headway.protocol.messages import Lines
from headway_viewer.display.jsonl import FLUSH_EVERY, Jsonl
from headway_viewer.replica.replica import Changes


class Stream(io.StringIO):
    """Remembers what had been written whenever it was flushed."""

    def __init__(self):
        super().__init__()
        self.flushed = []

    def flush(self):
        self.flushed.append(self.getvalue())


def test_lines_are_flushed_whole_and_none_waits_for_many_others():
    many = [operation(f"op{number}", "x") for number in range(3 * FLUSH_EVERY + 1)]
    replica, stream = replica_of(*many), Stream()
    display = Jsonl(replica, stream, lambda: None)
    display.show(Changes([made.id for made in many], [], False, None), None, NOW)
    assert stream.getvalue().count("\n") == len(many)
    assert stream.flushed[-1] == stream.getvalue()
    assert all(shown.endswith("}\n") for shown in stream.flushed)
    counts = [shown.count("\n") for shown in stream.flushed]
    assert all(now - before <= FLUSH_EVERY for before, now in zip([0, *counts], counts))


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
