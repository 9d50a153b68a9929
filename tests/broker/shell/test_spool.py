"""Files that workers left, good and bad."""

import errno
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from headway.host.files import will
from headway.host.files.spool import DEAF
from headway.host.identity import pid_namespace
from headway.host.process_status import start_time
from headway.model import Operation
from headway.protocol import messages, wire
from headway.protocol.wire import encode, pack
from headway_broker.peers.spooled import ENDED_BY_PARENT
from headway_broker.shell import spool as rules
from headway_broker.shell.spool import BROKEN, REFUSED, RETRY_EVERY, Spool, frames

UID = os.getuid()
NOW = 5.0


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "unsent").mkdir(mode=0o700)
    return Spool(str(tmp_path), UID)


def said():
    op = Operation("op", "Install")
    op.move("running", 1.0)
    op.move("failed", 2.0)
    return [
        messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {"pid": 1}, 5),
        messages.Announce(6, 2.0, True, op.record(), []),
        messages.Bye(7, 2.0),
    ]


def left(spool, name="session", data=None):
    path = os.path.join(spool.path, name)
    with open(path, "wb") as file:
        file.write(b"".join(pack(encode(m)) for m in said()) if data is None else data)
    return path


def test_a_file_gives_its_messages_once(spool):
    path = left(spool)
    assert list(spool.read(NOW)) == [(path, UID, said(), None)]
    assert list(spool.read(NOW)) == []
    spool.remove(path)
    assert not os.path.exists(path)


def test_a_file_is_found_whatever_the_directory_says_of_its_last_change(spool):
    before = os.stat(spool.path)
    assert list(spool.read(NOW)) == []
    path = left(spool)
    os.utime(spool.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [found.path for found in spool.read(NOW)] == [path]


def test_a_directory_that_could_not_be_read_is_read_at_the_next_look(spool, monkeypatch):
    path = left(spool)

    def refuse(_path):
        raise OSError("no descriptor")

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse)
        assert list(spool.read(NOW)) == []
    assert [found.path for found in spool.read(NOW)] == [path]


def test_that_it_reads_again_is_told_to_the_programs_that_wait(spool):
    left(spool, DEAF, b"")
    assert list(spool.read(NOW)) == []
    assert os.listdir(spool.path) == []


def test_without_the_directory_there_is_nothing(tmp_path):
    spool = Spool(str(tmp_path), UID)
    assert list(spool.read(NOW)) == []


def test_a_link_in_place_of_the_directory_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "unsent")
    spool = Spool(str(tmp_path), UID)
    left(spool)
    assert list(spool.read(NOW)) == []


def test_files_that_are_being_written_are_left(spool):
    left(spool, ".session.tmp")
    left(spool, "session.tmp")
    assert list(spool.read(NOW)) == []
    assert len(os.listdir(spool.path)) == 2


def test_what_a_killed_program_was_writing_goes_after_an_hour(spool):
    new, old = left(spool, ".new.tmp"), left(spool, ".old.tmp")
    os.utime(old, (1.0, 1.0))
    for look in range(2):
        assert list(spool.read(NOW + look * RETRY_EVERY)) == []
    assert os.listdir(spool.path) == [os.path.basename(new)]


def test_what_is_being_written_stays_though_the_wall_clock_is_set_forward(spool, monkeypatch):
    unix = rules.time.time()
    monkeypatch.setattr(rules.time, "time", lambda: unix + 1e6)
    path = left(spool, ".first.tmp", b"some")
    assert list(spool.read(NOW)) == []
    with open(path, "ab") as file:
        file.write(b"more")
    left(spool, ".second.tmp")
    assert list(spool.read(NOW + RETRY_EVERY)) == []
    assert sorted(os.listdir(spool.path)) == [".first.tmp", ".second.tmp"]


def test_a_look_that_leaves_files_says_so(spool, monkeypatch):
    monkeypatch.setattr(rules, "FILES_LIMIT", 2)
    for number in range(3):
        left(spool, f"session-{number}")
    assert len(list(spool.read(NOW))) == 2
    assert not spool.read_whole
    assert len(list(spool.read(NOW))) == 1
    assert spool.read_whole


def test_a_folder_that_no_descriptor_is_left_for_is_read_later(spool, monkeypatch):
    left(spool)

    def refuse(*_arguments):
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(rules.os, "listdir", refuse)
        assert list(spool.read(NOW)) == []
        assert not spool.read_whole
    assert len(list(spool.read(NOW))) == 1
    assert spool.read_whole


def test_a_file_that_no_descriptor_is_left_for_is_read_later(spool, monkeypatch):
    left(spool)

    def refuse(*_arguments):
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(rules, "_contents", refuse)
        assert list(spool.read(NOW)) == []
        assert not spool.read_whole
    assert len(list(spool.read(NOW))) == 1


def test_links_and_other_things_are_not_read(spool, tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    os.symlink(tmp_path / "target", os.path.join(spool.path, "link"))
    os.mkdir(os.path.join(spool.path, "folder"))
    os.mkfifo(os.path.join(spool.path, "pipe"))
    assert list(spool.read(NOW)) == []
    assert (tmp_path / "target").exists()


def test_a_look_ends_after_a_while_and_the_next_goes_on(spool, monkeypatch):
    paths = [left(spool, f"session-{number}") for number in range(3)]
    now = iter(range(100))
    clock = SimpleNamespace(monotonic=lambda: float(next(now)), time=lambda: NOW)
    monkeypatch.setattr(rules, "time", clock)
    monkeypatch.setattr(rules, "LOOK_SECONDS", 1.0)
    found = []
    looks = 0
    while looks == 0 or spool.more:
        looks += 1
        found += [one.path for one in spool.read(NOW)]
        assert spool.read_whole is not spool.more
    assert looks > 1
    assert found == paths
    assert spool.read_whole


def test_a_file_that_is_too_large_is_set_aside_unread(spool, monkeypatch):
    monkeypatch.setattr(rules, "SPOOL_FILE_LIMIT", 10)
    path = left(spool)
    assert list(spool.read(NOW)) == []
    assert not os.path.exists(path)
    assert os.listdir(spool.path) == [".broken-session"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_file_of_another_user_is_not_read(spool):
    os.chown(left(spool), 65534, -1)
    assert list(spool.read(NOW)) == []


def test_a_file_that_was_cut_short_gives_what_it_has():
    data = b"".join(pack(encode(message)) for message in said())
    assert frames(data[:-3]) == (said()[:2], BROKEN)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1" * 100, pack("text"), pack(b"not a message"), b"\xc6\xff\xff\xff\xff"]
)
def test_what_is_no_message_is_left_out(data):
    assert frames(data) == ([], BROKEN)


def test_a_kind_of_a_newer_version_is_not_lost_with_what_is_known():
    newer = pack(pack([99, 1]))
    data = b"".join(pack(encode(message)) for message in said()) + newer
    assert frames(data) == (said(), REFUSED)


def test_a_file_of_rubbish_is_read_no_further_and_one_strange_frame_costs_no_other(monkeypatch):
    decoded = []
    monkeypatch.setattr(rules, "decode", lambda *a: decoded.append(1) or wire.decode(*a))
    whole = b"".join(pack(encode(message)) for message in said())
    hello = pack(encode(said()[0]))
    assert frames(hello + b"\xc0" + whole[len(hello) :]) == (said(), BROKEN)
    decoded.clear()
    assert frames(hello + b"\xc0" * 100_000 + whole[len(hello) :]) == (said()[:1], BROKEN)
    assert len(decoded) < 1_000


def of_newer_major():
    """A file of a version whose Announce is none of ours."""
    hello = said()[0]._replace(major=2)
    return pack(encode(hello)) + pack(pack([1, "another", "shape"]))


@pytest.mark.parametrize("hello", [[0, "headway", 2, "more"], [0, "headway", 2, 0, {}, 1, 2, 3, 4]])
def test_a_file_of_another_major_version_is_never_broken(hello):
    found, aside = frames(of_newer_major())
    assert [type(message) for message in found] == [messages.Hello]
    assert aside == REFUSED
    assert frames(pack(pack(hello)))[1] == REFUSED
    assert frames(pack(pack(hello)) + b"\xc0" * 1_000)[1] == REFUSED
    assert frames(pack(pack([0, "headway", messages.MAJOR])))[1] == BROKEN
    assert frames(pack(pack([0, "other", 2, 0])))[1] == BROKEN


def test_only_so_many_files_are_read_in_one_look(spool, monkeypatch):
    monkeypatch.setattr(rules, "FILES_LIMIT", 2)
    for number in range(5):
        left(spool, f"s{number}")
    looks = [[os.path.basename(found.path) for found in spool.read(NOW)] for _ in range(4)]
    assert looks == [["s0", "s1"], ["s2", "s3"], ["s4"], []]


def test_a_broken_file_that_was_set_aside_is_kept_counted_and_never_read_again(spool):
    path = left(spool)
    assert [found.path for found in spool.read(NOW)] == [path]
    spool.set_aside(path, BROKEN)
    assert os.listdir(spool.path) == [".broken-session"]
    assert spool.aside == 1
    later = Spool(os.path.dirname(spool.path), UID)
    assert list(later.read(NOW)) == []
    assert later.aside == 1


def test_a_refused_file_is_tried_again_after_a_while_and_by_the_next_broker(spool):
    left(spool)
    (found,) = spool.read(NOW)
    spool.set_aside(found.path, REFUSED)
    assert list(spool.read(NOW + RETRY_EVERY / 2)) == []
    (again,) = spool.read(NOW + RETRY_EVERY)
    assert again.messages == said()
    spool.set_aside(again.path, REFUSED)
    assert os.listdir(spool.path) == [".refused-session"]
    (next_broker,) = Spool(os.path.dirname(spool.path), UID).read(NOW)
    assert next_broker.messages == said()


def test_of_broken_files_that_were_set_aside_the_newest_are_kept(spool, monkeypatch):
    monkeypatch.setattr(rules, "ASIDE_LIMIT", 3)
    os.mkdir(os.path.join(spool.path, ".broken-by-somebody-else"))
    for number in range(6):
        path = left(spool, f"s{number}")
        os.utime(path, (1e9 - number, 1e9 - number))  # when it was written does not count
        spool.set_aside(path, BROKEN)
    kept = {".broken-s3", ".broken-s4", ".broken-s5", ".broken-by-somebody-else"}
    assert set(os.listdir(spool.path)) == kept


def other_directory(tmp_path):
    """Another runtime directory of the user, with a file in its spool; the path of that."""
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "unsent").mkdir(mode=0o700)
    return other, left(Spool(str(other), UID))


def test_what_lies_in_another_directory_of_the_user_is_taken_in(tmp_path):
    other, path = other_directory(tmp_path)
    spool = Spool(str(tmp_path), UID, [str(other), str(tmp_path / "none")])
    assert [found.path for found in spool.read(NOW)] == [path]
    spool.remove(path)
    assert os.listdir(other / "unsent") == []


def test_what_lies_beside_another_broker_is_left_to_it(tmp_path):
    other, _ = other_directory(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(other / "report.sock"))
        listener.listen()
        assert list(Spool(str(tmp_path), UID, [str(other)]).read(NOW)) == []


def test_a_directory_that_is_open_to_others_is_not_looked_into(tmp_path):
    other, _ = other_directory(tmp_path)
    other.chmod(0o755)
    assert list(Spool(str(tmp_path), UID, [str(other)]).read(NOW)) == []


def will_of(spool, pid, started, namespace, *, ended=False, data=None):
    """A will of a process with what it said."""
    who = will.Process(pid, started, namespace)
    descriptor = will.create(os.path.dirname(spool.path), UID, who)
    body = b"".join(pack(encode(m)) for m in said()) if data is None else data
    will.write(descriptor, 1, body)
    os.close(descriptor)
    will.note_ended(os.path.dirname(spool.path), UID, who, ended=ended)
    return os.path.join(spool.path, will.name_of(who))


@pytest.mark.parametrize("ended", [False, True])
def test_a_will_is_read_once_its_process_is_dead(spool, ended):
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    path = will_of(spool, process.pid, start_time(process.pid), pid_namespace(), ended=ended)
    assert list(spool.read(NOW)) == []
    process.kill()
    # Nobody has waited for it yet: what it was is there, and it has died.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    (found,) = spool.read(NOW)
    process.communicate()
    hello, *others = found.messages
    assert (found.path, found.owner, found.aside) == (path, UID, None)
    assert hello.about == {"pid": 1, ENDED_BY_PARENT: ended}
    assert others == said()[1:]
    assert list(spool.read(NOW)) == []


def test_a_will_that_was_refused_is_read_as_a_will_again(spool):
    will_of(spool, 2**22 + 1, 7, pid_namespace())
    (found,) = spool.read(NOW)
    spool.set_aside(found.path, REFUSED)
    assert list(spool.read(NOW)) == []
    (again,) = spool.read(NOW + RETRY_EVERY)
    assert os.path.basename(again.path).startswith(".refused-.will-")
    assert (again.messages, again.aside) == (found.messages, None)
    spool.set_aside(again.path, BROKEN)
    assert list(Spool(os.path.dirname(spool.path), UID).read(NOW)) == []


def test_a_will_whose_contents_nobody_can_read_is_set_aside_and_kept(spool):
    path = will_of(spool, 2**22 + 1, 7, pid_namespace(), data=of_newer_major())
    (found,) = spool.read(NOW)
    assert (found.path, found.aside) == (path, REFUSED)
    os.unlink(path)
    will_of(spool, 2**22 + 1, 7, pid_namespace(), data=pack(pack([0, "headway", 2])))
    (found,) = Spool(os.path.dirname(spool.path), UID).read(NOW)
    assert (found.messages[0].session, found.aside) == ("", REFUSED)


def test_a_pid_that_another_process_has_by_now_is_that_of_a_dead_one(spool):
    path = will_of(spool, os.getpid(), start_time(os.getpid()) + 1, pid_namespace())
    assert [found.path for found in spool.read(NOW)] == [path]


def test_a_will_of_another_pid_namespace_is_left_to_a_broker_there(spool):
    path = will_of(spool, 2**22 + 1, 1, pid_namespace() + 1)
    assert list(spool.read(NOW)) == []
    assert os.path.exists(path)


def test_what_a_parent_noted_of_a_process_without_a_will_is_a_hello_of_no_session(spool):
    who = will.Process(2**22 + 1, 7, pid_namespace())
    will.note_ended(os.path.dirname(spool.path), UID, who, make=True)
    (found,) = spool.read(NOW)
    (hello,) = found.messages
    facts = {"pid": who.pid, "started": 7, "pid_namespace": who.namespace, ENDED_BY_PARENT: True}
    assert (hello.session, hello.about) == ("", facts)
    assert found.aside is None


def test_a_will_of_a_process_that_came_to_tell_nothing_goes(spool):
    who = will.Process(2**22 + 1, 1, pid_namespace())
    os.close(will.create(os.path.dirname(spool.path), UID, who))
    assert list(spool.read(NOW)) == []
    assert os.listdir(spool.path) == []
