"""What a writer fills a message with is taken whole by its reader, at each limit."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from publishers import publisher_with, welcomed

from headway.protocol import limits, messages, wire
from headway.protocol.limits import HASHES_LIMIT, LINES_LIMIT, OUTPUT_LIMIT
from headway.reporting import marks, output_sender, publisher
from headway.reporting.marks import WAITING_LINES
from headway.run.progress import line_hashes


@pytest.mark.parametrize(
    "message",
    [
        messages.Log("o" * 12, None, ["a line"] * LINES_LIMIT),
        messages.Output("o" * 12, 0, b"x" * OUTPUT_LIMIT, OUTPUT_LIMIT, True),
        messages.Work("o" * 12, 1.0, 2.0, 3, 4, list(range(HASHES_LIMIT))),
    ],
)
def test_a_message_at_its_limit_is_taken_whole(message):
    assert wire.decode(wire.encode(message), messages.INBOUND) == message


def test_all_lines_that_wait_arrive_in_order():
    sending, operation = publisher_with()
    sending.take(1.0)
    welcomed(sending)
    lines = [str(number) for number in range(WAITING_LINES)]
    sending.log(operation.id, None, lines)
    frames = [wire.encode(message) for message in sending.take(2.0)]
    logs = [wire.decode(frame, messages.INBOUND) for frame in frames]
    assert [line for log in logs for line in log.lines] == lines


@pytest.mark.parametrize(
    ("writer", "names"),
    [
        (publisher, {"LINES_LIMIT", "STAGES_LIMIT"}),
        (marks, {"HASHES_LIMIT"}),
        (line_hashes, {"HASHES_LIMIT"}),
        (output_sender, {"OUTPUT_LIMIT"}),
    ],
)
def test_a_writer_and_the_reader_have_a_limit_from_one_place(writer, names):
    assert names <= imported(writer) & imported(wire)


def test_a_message_that_is_filled_has_room_in_a_frame():
    assert limits.MESSAGE_BYTES < limits.FRAME_LIMIT
    assert publisher.COUNTS_PER_MESSAGE <= limits.COUNTS_LIMIT


def test_the_limits_import_nothing():
    source = ast.parse(Path(limits.__file__).read_text())
    imports = [node for node in ast.walk(source) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [node.module for node in imports] == ["__future__"]


def imported(module):
    """The names that a module has from the limits."""
    nodes = ast.walk(ast.parse(Path(module.__file__).read_text()))
    return {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "headway.protocol.limits"
        for alias in node.names
    }
