"""What a process leaves that may write no file: links that hold its ends."""

import errno
import os

import pytest

import headway
from headway.host.files import linked_data, lost_ends
from headway.host.files import spool as spool_files
from headway.protocol import messages
from headway.reporting.spool import last_resort
from headway.testing import reporting
from headway_broker.shell.spool import Spool
from headway_viewer.connection.spooled_ends import read_ends


@pytest.mark.parametrize("stages", [3, 300])
def test_where_no_file_may_have_a_byte_ends_are_in_links(folder, monkeypatch, stages):
    def refuse(*_arguments):
        raise OSError(errno.EFBIG, "File too large")

    with reporting() as reporter:
        for name in ("First", "Second"):
            with headway.operation(name) as op:
                for number in range(stages):
                    op.stage(f"stage {number}").start()
        with monkeypatch.context() as patched:
            patched.setattr(spool_files.os, "write", refuse)
            last_resort.finish(reporter)
        assert all(path.is_symlink() for path in folder.iterdir())
        ends = read_ends(reporter.clock()).operations
        assert {one.name: len(one.stages) == 3 for one in ends} == {
            "First": stages == 3,
            "Second": stages == 3,
        }
        found = list(Spool(str(folder.parent), os.getuid()).read(1.0))
        told = [message for one in found for message in one.messages]
        announced = [one.operation[2] for one in told if type(one) is messages.Announce]
        assert announced == ["First", "Second"]
        reporter.exit_spool.withdraw()
    assert os.listdir(folder) == []
    assert lost_ends.known([str(folder.parent)])[0] == 0


def test_an_end_that_has_no_room_in_a_link_is_counted(folder, monkeypatch):
    def refuse(*_arguments):
        raise OSError(errno.EFBIG, "File too large")

    with reporting() as reporter:
        with headway.operation("Small"):
            pass
        with headway.operation("Large", key="k" * 100) as op:
            op.model.message = "m" * linked_data.LIMIT
        monkeypatch.setattr(spool_files.os, "write", refuse)
        last_resort.finish(reporter)
        assert [one.name for one in read_ends(reporter.clock()).operations] == ["Small"]
    assert lost_ends.known([str(folder.parent)])[0] == 1
