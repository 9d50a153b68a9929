"""What a broker without a history leaves for the next one."""

import errno
import os
import tempfile

import pytest
from turned import Turned

from headway.host.files import spool as files
from headway_broker.shell import handover
from headway_broker.shell import server as rules
from headway_broker.shell.handover import legacies
from headway_broker.shell.spool import Spool

ENDED, GOING = "op0000000001", "op0000000002"


@pytest.fixture
def directory(monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        yield directory


def served(directory, state):
    """A broker that has heard of an operation that has ended, and of one that goes on."""
    turned = Turned(directory, state)
    peer = turned.peer()
    for name in (ENDED, GOING):
        peer.start(name, stages=["step"] * 30)
    peer.end(ENDED)
    turned.until(lambda: turned.operation(ENDED) and not turned.operation(ENDED).open)
    peer.socket.linger = 0
    peer.close()
    return turned


@pytest.mark.parametrize("limited", [False, True])
def test_the_next_broker_knows_what_ended_beside_one_that_stored_nothing(
    directory, tmp_path, monkeypatch, limited
):
    state = tmp_path / "state"
    state.write_text("")  # no directory: there is no history
    turned = served(directory, str(state))
    if limited:
        with monkeypatch.context() as patched:
            patched.setattr(files.os, "write", refuse)
            turned.server.close()
    else:
        turned.server.close()
    (name,) = os.listdir(os.path.join(directory, "unsent"))
    assert name.endswith(ENDED)
    assert os.path.islink(os.path.join(directory, "unsent", name)) == limited
    state.unlink()
    following = Turned(directory, str(state))
    following.until(lambda: following.operation(ENDED))
    assert following.operation(ENDED).state == "completed"
    following.until(lambda: os.listdir(os.path.join(directory, "unsent")) == [])
    following.server.close()


def refuse(*_arguments):
    raise OSError(errno.EFBIG, "File too large")


def test_one_that_stores_leaves_nothing(directory, tmp_path):
    turned = served(directory, str(tmp_path))
    turned.until(lambda: turned.core.ledger.entries[ENDED].stored_revision is not None)
    turned.server.close()
    assert not os.path.exists(os.path.join(directory, "unsent"))


def test_nothing_is_left_where_nothing_is_to_be_remembered(directory):
    turned = served(directory, None)
    turned.server.close()
    assert not os.path.exists(os.path.join(directory, "unsent"))


def test_ends_of_other_machines_and_of_before_a_restart_are_not_told(directory):
    turned = served(directory, None)
    (entry,) = turned.core.ledger.ended
    boot = entry.session.about.get("boot")
    (legacy,) = legacies([entry], boot, 1.0)
    assert [len(data) for data in legacy.contents] == sorted(map(len, legacy.contents))[::-1]
    assert list(legacies([entry], "another", 1.0)) == []
    entry.session.about["remote"] = "elsewhere"
    assert list(legacies([entry], boot, 1.0)) == []
    turned.server.close()


def test_no_directory_is_no_error(tmp_path, directory):
    turned = served(directory, None)
    (entry,) = turned.core.ledger.ended
    boot = entry.session.about.get("boot")
    assert handover.leave(str(tmp_path / "none"), os.getuid(), [entry], boot, 1.0) == 0
    turned.server.close()
    assert list(Spool(str(tmp_path / "none"), os.getuid()).read(1.0)) == []
