"""Being the only broker: races, what lies in the way, what is taken away."""

import os
import socket

import psutil
import pytest
from brokers import Place
from machine import alive, until

from headway_broker.shell.single_instance import answers

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


@pytest.fixture
def place():
    place = Place()
    yield place
    place.close()


def children_of(process):
    return [child.pid for child in psutil.Process(process.pid).children()]


@pytest.mark.once
def test_of_64_that_start_at_once_exactly_one_serves(place):
    starters = place.python("-c", STARTERS, "64")
    until(lambda: answers(place.path("report.sock")))
    first = place.status()
    until(lambda: sum(alive(pid) for pid in children_of(starters)) == 1, "the end of the others")
    assert place.command("stop")[0] == 0
    out, err = starters.communicate(timeout=50)
    assert out.strip() == str([0] * 64), err
    log = place.log()
    assert log.count(" at ipc://") == 1
    assert f"pid {first['pid']} at" in log


def test_a_stale_socket_and_a_stale_lock_are_taken_over(place):
    for name in ("report.sock", "follow.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(place.path(name))
    with open(place.path("broker.lock"), "w") as lock:
        lock.write("99999999\n")
    place.broker("--detached")
    assert place.status()["workers"] == 0


def test_a_foreign_file_in_place_of_the_socket_is_replaced(place):
    with open(place.path("report.sock"), "w") as foreign:
        foreign.write("not a socket")
    place.broker("--detached")
    assert place.status()["workers"] == 0


def test_a_directory_in_place_of_the_socket_is_a_clear_error(place):
    os.mkdir(place.path("report.sock"))
    code, _, err = place.command("run")
    assert code == 1
    assert "report.sock is a directory; a socket belongs there" in err


def test_a_link_in_place_of_the_lock_is_not_followed(place):
    target = os.path.join(place.state, "target")
    os.symlink(target, place.path("broker.lock"))
    code, _, err = place.command("run")
    assert code == 1
    assert "cannot take the lock" in err
    assert not os.path.exists(target)


def test_a_directory_that_is_open_to_others_is_a_clear_error(place):
    os.chmod(place.directory, 0o755)
    code, _, err = place.command("run")
    assert code == 1
    assert "is open to others (mode 0755); it must be 0700" in err


def test_sockets_are_private(place):
    place.broker("--detached")
    for name in ("report.sock", "follow.sock", "broker.lock", "broker.log"):
        assert os.stat(place.path(name)).st_mode & 0o077 == 0


def test_a_socket_that_was_removed_is_bound_again_and_old_peers_stay(place):
    place.broker("--detached")
    peer = place.peer()
    peer.start()
    os.unlink(place.path("report.sock"))
    until(lambda: answers(place.path("report.sock")))
    peer.end()
    assert until(lambda: place.operation("op0000000000")).state == "completed"


def test_a_broker_whose_lock_was_removed_makes_room(place):
    broker = place.broker("--detached")
    os.unlink(place.path("broker.lock"))
    other = place.broker("--detached", "--leave-after", "30")
    assert broker.wait(10) == 0
    assert until(lambda: place.status()["pid"] == other.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
class TestAnotherUser:
    def attempt(self, place):
        """What another user's connect gives."""
        code = """
import os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as s:
    try: s.connect(sys.argv[1])
    except OSError as e: print(e.errno)
    else: print("in")
"""
        asked = place.python("-c", code, place.path("report.sock"))
        return asked.communicate(timeout=20)[0].strip()

    def test_cannot_reach_the_socket(self, place):
        place.broker("--detached")
        assert self.attempt(place) == "13"

    def test_cannot_even_where_the_directory_was_opened(self, place):
        place.broker("--detached")
        os.chmod(place.directory, 0o755)
        assert self.attempt(place) == "13"

    def test_is_refused_by_the_kernels_word_where_everything_was_opened(self, place):
        place.broker("--detached")
        os.chmod(place.directory, 0o777)
        os.chmod(place.path("report.sock"), 0o777)
        code = """
from headway.protocol import messages
os.setuid(65534)
peer = Peer(sys.argv[1], hello=False)
peer.hello()
print(peer.hear(messages.Refuse))
"""
        stranger = place.worker(code, place.directory, hello=False)
        out, err = stranger.communicate(timeout=20)
        assert "Refuse(reason='user', details={'uid': 0})" in out, err
        os.chmod(place.directory, 0o700)
        assert place.status()["dropped"] == {"user": 1}

    def test_a_directory_of_another_user_is_a_clear_error(self, place):
        os.chown(place.directory, 65534, -1)
        code, _, err = place.command("run")
        assert code == 1
        assert "belongs to uid 65534, not 0" in err

    def test_under_sudo_the_broker_is_the_users_own(self, place):
        os.chown(place.directory, 65534, -1)
        os.chown(place.state, 65534, -1)
        broker = place.broker("--detached", environ={"SUDO_UID": "65534"})
        assert os.stat(f"/proc/{broker.pid}").st_uid == 65534
        for path in (place.path("report.sock"), place.path("broker.log"), place.state):
            assert os.stat(path).st_uid == 65534
        peer = place.peer()  # root, who is let in
        peer.start()
        until(lambda: place.operation("op0000000000"))

    def test_under_the_sudo_of_nobody_known_is_a_clear_error(self, place):
        place.environ["SUDO_UID"] = "54321"
        code, _, err = place.command("run")
        assert code == 1
        assert "SUDO_UID names nobody" in err
