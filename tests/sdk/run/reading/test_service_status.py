from __future__ import annotations

import pytest

from headway.run.reading.service_status import as_output


@pytest.mark.parametrize(
    ("datagram", "output"),
    [
        (b"READY=1\nMAINPID=7", b""),
        (b"STATUS=Completed 66% of file system check", b"\rCompleted 66% of file system check\r"),
        (b"X_IMPORT_PROGRESS=42%", b"\x1b]9;4;1;42\x07"),
        (b"X_IMPORT_PROGRESS=42.50%\nSTATUS=pulling", b"\x1b]9;4;1;42\x07\rpulling\r"),
        (b"X_IMPORT_PROGRESS=420%", b""),
        (b"PROGRESS=42%", b""),
        (b"STATUS=a\x1b[31m\tb\xff", "\ra [31m b\ufffd\r".encode()),
        (b"STATUS=  ", b""),
        (b"", b""),
    ],
)
def test_status_and_progress_are_output_and_nothing_else_is(datagram, output):
    assert as_output(datagram) == output
