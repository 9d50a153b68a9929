"""The examples of docs/protocol.md are what the code sends and understands."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from headway.protocol import limits, messages, rows, wire

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "protocol.md"
SECTION = re.compile(r"^### \d+ (\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
VECTOR = re.compile(r"```vector\n(.*)\n((?:[0-9a-f ]+\n)+)```")


def with_numbers(value):
    """JSON has no integer keys and no bytes; the wire has."""
    if isinstance(value, dict):
        if list(value) == ["hex"]:
            return bytes.fromhex(value["hex"])
        return {int(k) if k.isdigit() else k: with_numbers(v) for k, v in value.items()}
    return [with_numbers(item) for item in value] if isinstance(value, list) else value


VECTORS = [
    (name, with_numbers(json.loads(text)), bytes.fromhex(digits.replace("\n", " ")))
    for name, section in SECTION.findall(PAGE.read_text("utf-8"))
    for text, digits in VECTOR.findall(section)
]


@pytest.mark.parametrize(("name", "fields", "frame"), VECTORS, ids=[name for name, *_ in VECTORS])
def test_an_example_is_decoded_and_encoded_as_the_page_says(name, fields, frame):
    kind = getattr(messages, name)
    direction = next(
        d for d in (messages.INBOUND, messages.OUTBOUND, messages.PUBLISHED) if kind in d
    )

    message = wire.decode(frame, direction)

    assert type(message) is kind
    assert [direction.index(kind), *message] == fields
    assert wire.encode(message) == frame


def test_the_rows_of_an_example_are_encoded_to_its_bytes():
    [frame] = [frame for name, _, frame in VECTORS if name == "Delta"]
    delta = wire.decode(frame, messages.PUBLISHED)

    encoded = [rows.encode(rows.decode(value)) for value in delta.operations]

    assert encoded
    assert rows.frame(delta._replace(operations=[]), encoded) == frame


def test_every_message_has_an_example():
    every = {*messages.INBOUND, *messages.OUTBOUND, *messages.PUBLISHED}

    assert {kind.__name__ for kind in every} == {name for name, *_ in VECTORS}


def test_the_page_names_the_version_and_the_limits_of_the_code():
    page = PAGE.read_text("utf-8")

    assert f"version {messages.MAJOR}.{messages.MINOR}" in page
    for limit in (
        limits.COUNTS_LIMIT,
        limits.STAGES_LIMIT,
        limits.LINES_LIMIT,
        limits.OUTPUT_LIMIT,
        limits.HASHES_LIMIT,
    ):
        assert f"{limit:,}" in page
