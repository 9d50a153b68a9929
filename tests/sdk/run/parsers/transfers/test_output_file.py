from __future__ import annotations

import pytest

from headway.run.parsers.transfers.output_file import name_after_output
from headway.run.reading.command_line import parse_command_line


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("curl -o /srv/image.iso https://user:secret@host/x", "curl image.iso"),
        ("curl https://user:secret@host/secret.iso", "curl"),
        ("curl -o /dev/null https://host/x", "curl"),
        ("curl -o -secret https://host/x", "curl"),
    ],
)
def test_a_transfer_is_named_after_the_file_it_writes_never_after_the_address(line, name):
    command = parse_command_line(line.split())
    assert name_after_output(command, "-o", "--output") == name
