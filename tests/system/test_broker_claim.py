"""Being the only broker: races, what lies in the way, what is taken away."""

import os
import socket

import psutil
import pytest
from machine import alive, until

from headway_broker.shell.single_instance import answers

pytestmark = pytest.mark.once

STARTERS = """
import os, sys
from headway_broker.commands import broker as cli
go, let = os.pipe()
children = []
for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        os.close(let)
        os.read(go, 1)  # until all are there
        os._exit(cli.main(["run", "--detached"]))
    children.append(pid)
os.close(let)
ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if hasattr(os, "waitstatus_to_exitcode")
         else os.waitpid(pid, 0)[1] for pid in children]
print(ended)
"""


def children_of(process):
    return [child.pid for child in psutil.Process(process.pid).children()]


def test_of_64_that_start_at_once_exactly_one_serves(host):
    starters = host.python("-c", STARTERS, "64")
    until(lambda: answers(host.path("report.sock")))
    first = host.status()
    until(lambda: sum(alive(pid) for pid in children_of(starters)) == 1, "the end of the others")
    assert host.command("stop")[0] == 0
    out, err = starters.communicate(timeout=50)
    assert out.strip() == str([0] * 64), err
    log = host.log()
    assert log.count(" at ipc://") == 1
    assert f"pid {first['pid']} at" in log


@pytest.mark.oldest
def test_a_stale_socket_and_a_stale_lock_are_taken_over(host):
    for name in ("report.sock", "follow.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(host.path(name))
    with open(host.path("broker.lock"), "w") as lock:
        lock.write("99999999\n")
    host.broker("--detached")
    assert host.status()["workers"] == 0


def test_a_foreign_file_in_place_of_the_socket_is_replaced(host):
    with open(host.path("report.sock"), "w") as foreign:
        foreign.write("not a socket")
    host.broker("--detached")
    assert host.status()["workers"] == 0


def test_a_directory_in_place_of_the_socket_is_a_clear_error(host):
    os.mkdir(host.path("report.sock"))
    code, _, err = host.command("run")
    assert code == 1
    assert "report.sock is a directory; a socket belongs there" in err


def test_a_link_in_place_of_the_lock_is_not_followed(host):
    target = os.path.join(host.state, "target")
    os.symlink(target, host.path("broker.lock"))
    code, _, err = host.command("run")
    assert code == 1
    assert "cannot take the lock" in err
    assert not os.path.exists(target)


def test_a_directory_that_is_open_to_others_is_a_clear_error(host):
    os.chmod(host.directory, 0o755)
    code, _, err = host.command("run")
    assert code == 1
    assert "is open to others (mode 0755); it must be 0700" in err


@pytest.mark.oldest
def test_sockets_are_private(host):
    host.broker("--detached")
    for name in ("report.sock", "follow.sock", "broker.lock", "broker.log"):
        assert os.stat(host.path(name)).st_mode & 0o077 == 0


def test_a_socket_that_was_removed_is_bound_again_and_old_peers_stay(host):
    host.broker("--detached")
    peer = host.peer()
    peer.start()
    os.unlink(host.path("report.sock"))
    until(lambda: answers(host.path("report.sock")))
    peer.end()
    until(lambda: _state(host, "op0000000000") == "completed", "its end")


def _state(host, operation):
    found = host.operation(operation)
    return None if found is None else found.state


def test_a_broker_whose_lock_was_removed_makes_room(host):
    broker = host.broker("--detached")
    os.unlink(host.path("broker.lock"))
    other = host.broker("--detached", "--leave-after", "30")
    assert broker.wait(10) == 0
    assert until(lambda: host.status()["pid"] == other.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
class TestAnotherUser:
    def attempt(self, host):
        """What another user's connect gives."""
        code = """
import os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as s:
    try: s.connect(sys.argv[1])
    except OSError as e: print(e.errno)
    else: print("in")
"""
        asked = host.python("-c", code, host.path("report.sock"))
        return asked.communicate(timeout=20)[0].strip()

    def test_cannot_reach_the_socket(self, host):
        host.broker("--detached")
        assert self.attempt(host) == "13"

    def test_cannot_even_where_the_directory_was_opened(self, host):
        host.broker("--detached")
        os.chmod(host.directory, 0o755)
        assert self.attempt(host) == "13"

    @pytest.mark.oldest
    def test_is_refused_by_the_kernels_word_where_everything_was_opened(self, host):
        host.broker("--detached")
        os.chmod(host.directory, 0o777)
        os.chmod(host.path("report.sock"), 0o777)
        code = """
from headway.protocol import messages
os.setuid(65534)
peer = Peer(sys.argv[1], hello=False)
peer.hello()
print(peer.hear(messages.Refuse))
"""
        stranger = host.worker(code, host.directory, hello=False)
        out, err = stranger.communicate(timeout=20)
        assert "Refuse(reason='user', details={'uid': 0})" in out, err
        os.chmod(host.directory, 0o700)
        assert host.status()["dropped"] == {"user": 1}

    def test_reads_nothing_on_the_follow_socket_where_everything_was_opened(self, host):
        host.broker("--detached")
        os.chmod(host.directory, 0o777)
        os.chmod(host.path("follow.sock"), 0o777)
        code = """
import zmq
user = int(sys.argv[2])
os.setuid(user)
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe(b"d")
socket.connect("ipc://" + sys.argv[1] + "/follow.sock")
print("heard" if socket.poll(4000) else "silence")  # a pulse comes every 2 s
"""
        for user, heard in ((65534, "silence\n"), (0, "heard\n")):
            follower = host.worker(code, host.directory, str(user), hello=False)
            out, err = follower.communicate(timeout=20)
            assert out == heard, err

    def test_a_directory_of_another_user_is_a_clear_error(self, host):
        os.chown(host.directory, 65534, -1)
        code, _, err = host.command("run")
        assert code == 1
        assert "belongs to uid 65534, not 0" in err

    def test_under_sudo_the_broker_is_the_users_own(self, host):
        os.chown(host.directory, 65534, -1)
        os.chown(host.state, 65534, -1)
        broker = host.broker("--detached", environ={"SUDO_UID": "65534"})
        assert os.stat(f"/proc/{broker.pid}").st_uid == 65534
        for path in (host.path("report.sock"), host.path("broker.log"), host.state):
            assert os.stat(path).st_uid == 65534
        peer = host.peer()  # root, who is let in
        peer.start()
        until(lambda: host.operation("op0000000000"))

    def test_under_the_sudo_of_nobody_known_is_a_clear_error(self, host):
        host.environ["SUDO_UID"] = "54321"
        code, _, err = host.command("run")
        assert code == 1
        assert "SUDO_UID names nobody" in err
