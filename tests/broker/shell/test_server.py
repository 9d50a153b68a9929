"""The loop: the spool and the history beside the sockets, and what it tells of itself."""

import os
import tempfile

from turned import Turned

from headway.protocol import endpoint, messages
from headway.protocol.wire import encode, pack
from headway_broker.peers.spooled import SpooledFile
from headway_broker.shell import server as rules
from headway_broker.shell.processes import Death


def test_status_has_the_process_beside_what_the_core_knows(turned):
    facts = turned.server._facts()
    assert facts["pid"] == os.getpid()
    assert facts["endpoint"] == f"ipc://{turned.directory}/report.sock"
    assert facts["rss"] > 0


def test_a_file_that_breaks_its_reader_is_set_aside_and_the_others_are_taken_in(
    turned, monkeypatch
):
    taken = []

    def take_in(found, _owner, _now):
        if not found:
            raise RecursionError
        taken.extend(found)
        return SpooledFile(set(), {}, {}, [], 0.0, set())

    monkeypatch.setattr(turned.core.spooled, "apply", take_in)
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {}, 0)
    folder = os.path.join(turned.directory, endpoint.SPOOL)
    os.makedirs(folder, 0o700, exist_ok=True)
    for name, data in (("bad", b""), ("good", pack(encode(hello)))):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    turned.until(lambda: os.listdir(folder) == [".broken-bad"])
    assert taken == [hello]
    with open(os.path.join(turned.directory, "broker.log")) as log:
        assert "spool: a file is set aside: RecursionError at test_server.py" in log.read()


def test_a_death_is_reason_enough_to_look_for_files(turned, monkeypatch):
    monkeypatch.setattr(rules, "CHORES_EVERY", 600.0)
    looks = []
    monkeypatch.setattr(turned.server.spool, "read", lambda now: looks.append(now) or ())
    for _ in range(3):
        turned.server.turn()
    assert len(looks) == 1  # at the start
    monkeypatch.setattr(turned.server.deaths, "poll", lambda: [Death("nobody known")])
    turned.server.turn()
    assert len(looks) == 2


def test_whoever_restores_for_longer_than_a_turn_is_done_with_the_last_operation(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    monkeypatch.setattr(rules, "RESTORE_SECONDS", 0.0)
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        for broker in ("first", "second"):
            turned = Turned(directory, str(tmp_path))
            if broker == "first":
                peer = turned.peer()
                peer.start()
                peer.end()
                turned.until(lambda turned=turned: stored(turned))
                peer.socket.linger = 0
                peer.close()
            else:
                turned.until(lambda turned=turned: turned.operation())
                turned.server.turn()
                assert not turned.core.snapshots.restoring  # viewers are answered
                assert not turned.server._restoring  # the spool is read
            turned.server.close()


def stored(turned):
    entry = turned.core.ledger.entries.get("op0000000000")
    return entry is not None and entry.stored_revision is not None
