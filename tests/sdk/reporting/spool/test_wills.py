"""What a will tells, and of which processes a parent says that it has ended them."""

import os
import signal
import subprocess
import sys
import threading

import pytest

import headway
from headway.host.files import will
from headway.host.identity import pid_namespace
from headway.host.process_status import start_time
from headway.model import Stage
from headway.protocol import messages
from headway.reporting.spool import last_resort, wills
from headway.reporting.spool.wills import Will, note_ended
from headway.testing import reporting
from headway_broker.shell.spool import frames

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path / "run" / "unsent"


@pytest.fixture
def reporter():
    with reporting() as own:
        yield own


def told(folder):
    (path,) = folder.iterdir()
    left = will.contents(path.read_bytes())
    found, aside = frames(left.body)
    assert aside is None
    assert isinstance(found[0], messages.Hello)
    return found[1:]


def states(folder):
    return {one.operation[2]: one.operation[4] for one in told(folder)}


def test_it_tells_what_has_ended_and_what_is_open(folder, reporter):
    own = Will(reporter)
    own.tell()
    assert not folder.exists()  # nothing has been reported
    open_ = headway.operation("Open").start()
    with headway.operation("Done"):
        pass
    own.tell()
    assert states(folder) == {"Open": "running", "Done": "completed"}
    open_.fail("no")
    own.tell()
    assert states(folder) == {"Open": "failed", "Done": "completed"}


def test_what_a_broker_has_stored_is_told_no_more(folder, reporter):
    own = Will(reporter)
    with headway.operation("Done"):
        pass
    own.tell()
    ((operation, entry),) = reporter.publisher.operations.items()
    reporter.publisher.receive(messages.Acknowledge([[operation, entry.model.revision]]), 1.0)
    own.tell()
    assert told(folder) == []
    own.drop()
    assert list(folder.iterdir()) == []


def test_it_tells_what_was_counted_in_a_stage_of_the_parent(folder, reporter):
    own = Will(reporter)
    for done in (5, 7):
        reporter.publisher.share("of the parent", Stage(3, "Step"), done)
        own.tell()
    (share,) = told(folder)
    assert (share.operation, share.stage, share.done) == ("of the parent", 3, 7)
    assert share.last


def fd_path(name):
    path = f"/proc/self/fd/{name}"
    return path if os.path.exists(path) else os.devnull


def test_a_descriptor_that_the_program_has_put_another_file_at_is_left_alone(
    folder, reporter, tmp_path
):
    own = Will(reporter)
    headway.operation("First").start()
    own.tell()
    (path,) = folder.iterdir()
    (descriptor,) = [
        int(name) for name in os.listdir("/proc/self/fd") if os.path.samefile(fd_path(name), path)
    ]
    others = os.open(tmp_path / "theirs", os.O_RDWR | os.O_CREAT)
    os.dup2(others, descriptor)
    headway.operation("Second").start()
    own.tell()
    assert os.fstat(others).st_size == 0
    assert set(states(folder)) == {"First", "Second"}


IGNORING = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
CATCHING = "import signal; signal.signal(signal.SIGTERM, lambda *_: None);"


@pytest.fixture
def child(folder):
    """Start a child that has a will: (its process, its name in wills)."""
    started = []

    def start(code="", options=("-S",)):
        process = subprocess.Popen(
            [sys.executable, *options, "-c", f"{code}print(flush=True);input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        process.stdout.readline()
        who = will.Process(process.pid, start_time(process.pid), pid_namespace())
        os.close(will.create(str(folder.parent), os.getuid(), who))
        return process, who

    yield start
    for process in started:
        process.kill()
        process.communicate()


def is_noted(folder, who):
    return will.contents((folder / will.name_of(who)).read_bytes()).ended_by_parent


@pytest.mark.parametrize(
    ("code", "number", "noted"),
    [
        ("", signal.SIGTERM, True),
        ("", signal.SIGKILL, True),
        (IGNORING, signal.SIGTERM, False),
        (CATCHING, signal.SIGTERM, False),
        (CATCHING, signal.SIGKILL, True),
        ("", signal.SIGCHLD, False),
        ("", signal.SIGSTOP, False),
        ("", 0, False),
    ],
)
def test_a_child_is_ended_by_a_signal_that_leaves_it_no_choice(folder, child, code, number, noted):
    process, who = child(code)
    assert note_ended(process.pid, number) == (who if noted else None)
    assert is_noted(folder, who) is noted
    wills.take_back(who)
    assert not is_noted(folder, who)


@pytest.mark.parametrize(("code", "noted"), [("", False), ("import zmq;", True)])
def test_a_child_without_a_will_is_noted_if_it_may_have_told_a_broker_of_itself(
    folder, child, code, noted
):
    process, who = child(code, options=())
    (folder / will.name_of(who)).unlink()
    process.terminate()
    assert (folder / will.name_of(who)).exists() is noted
    assert not noted or is_noted(folder, who)


def test_what_ends_a_child_says_so_before(folder, child):
    process, who = child()
    process.terminate()
    assert is_noted(folder, who)


def test_a_process_that_is_no_child_is_not_ended_by_its_parent(folder):
    above = os.getppid()
    who = will.Process(above, start_time(above), pid_namespace())
    os.close(will.create(str(folder.parent), os.getuid(), who))
    assert note_ended(above, signal.SIGKILL) is None
    assert note_ended(os.getpid(), signal.SIGKILL) is None
    assert note_ended(1, signal.SIGKILL) is None
    assert not is_noted(folder, who)


def test_two_threads_that_tell_it_at_once_make_one_will(folder, reporter, monkeypatch):
    reporter.forked = True
    headway.operation("First").start()
    made = []

    class Counted(Will):
        def __init__(self, of):
            made.append(self)
            if len(made) == 1:
                other.start()  # while the first is being made
                other.join(0.05)
            super().__init__(of)

    monkeypatch.setattr(wills, "Will", Counted)
    other = threading.Thread(target=wills.tell, args=(reporter,))
    wills.tell(reporter)
    other.join(20)
    assert made == [reporter.will]
    assert states(folder) == {"First": "running"}


def ends(number):
    for _ in range(number):
        with headway.operation("Task"):
            pass


def spooled(folder):
    """What the spool files besides the will tell: operation → state, of each file."""
    return [
        {one.operation[0]: one.operation[4] for one in frames(path.read_bytes())[0][1:]}
        for path in sorted(folder.iterdir())
        if will.process_of(path.name) is None
    ]


def acknowledge(reporter, but=None):
    models = [one.model for one in reporter.publisher.entries()]
    finals = [[model.id, model.revision] for model in models if model.id != but]
    reporter.publisher.receive(messages.Acknowledge(finals), 1.0)


def body(folder):
    (path,) = (path for path in folder.iterdir() if will.process_of(path.name))
    return will.contents(path.read_bytes()).body


def test_many_ends_go_into_spool_files_until_they_are_acknowledged(folder, reporter):
    own = Will(reporter)
    headway.operation("Open").start()
    for number in (wills.ENDS_LIMIT + 1, wills.ENDS_LIMIT + 1, 5):
        ends(number)
        own.tell()
    first, second = spooled(folder)
    assert not set(first) & set(second)
    operations = {one.model.id: one.model for one in reporter.publisher.entries()}
    left = frames(body(folder))[0][1:]
    assert {*first, *second, *(one.operation[0] for one in left)} == set(operations)
    acknowledge(reporter)
    own.tell()
    assert spooled(folder) == []
    ends(wills.ENDS_LIMIT + 1)
    own.tell()
    own.drop()
    assert list(folder.iterdir()) == []


def test_an_end_that_is_larger_than_the_will_is_in_a_spool_file(folder, reporter):
    own = Will(reporter)
    with headway.operation("Large") as large:
        for number in range(1_300):
            large.stage(f"{number:04} {'x' * 200}").complete()
    with headway.operation("Small"):
        pass
    own.tell()
    (file,) = spooled(folder)
    assert list(file.values()) == ["completed"] * 2
    assert len(body(folder)) < 1_000


def test_ends_that_have_no_room_in_one_file_are_in_several(folder, reporter, monkeypatch):
    monkeypatch.setattr(wills, "SPOOL_FILE_BYTES", 2_000)
    own = Will(reporter)
    ends(wills.ENDS_LIMIT * 2)
    own.tell()
    files = spooled(folder)
    assert len(files) > 2
    told = [operation for file in files for operation in file]
    assert len(told) == len(set(told))
    left = frames(body(folder))[0][1:]
    everything = {one.model.id for one in reporter.publisher.entries()}
    assert {*told, *(one.operation[0] for one in left)} == everything


def test_an_end_that_is_refused_keeps_its_own_file_alone(folder, reporter):
    own = Will(reporter)
    for _ in range(3):
        ends(wills.ENDS_LIMIT + 1)
        own.tell()
    first, *_ = spooled(folder)
    refused = next(iter(first))
    reporter.publisher.receive(messages.Refuse("illegal move", {"operation": refused}), 1.0)
    assert refused in reporter.publisher.refused_ends
    acknowledge(reporter, refused)
    own.tell()
    assert spooled(folder) == [first]


class Interrupted:
    """The lock of a reporter, after whose next release something is done."""

    def __init__(self, reporter):
        self._lock, self.due = reporter.lock, []

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *error):
        self._lock.__exit__(*error)
        while self.due:
            self.due.pop()()


def test_what_another_thread_has_told_meanwhile_is_not_written_for_ever(
    folder, reporter, monkeypatch
):
    monkeypatch.setattr(will, "BODY_LIMIT", 1_000)
    own = Will(reporter)
    reporter.lock = lock = Interrupted(reporter)
    ends(20)
    original = last_resort.write
    written = []

    def another():
        ends(1)
        own.tell()  # between two looks, as another thread does

    def write(name, data):
        original(name, data)
        written.append(name)
        assert len(written) < 5
        if len(written) == 1:
            lock.due.append(another)

    monkeypatch.setattr(last_resort, "write", write)
    own.tell()
    assert len(written) == 1
    told = {operation for file in spooled(folder) for operation in file}
    told |= {one.operation[0] for one in frames(body(folder))[0][1:]}
    assert told == {one.model.id for one in reporter.publisher.entries()}
    acknowledge(reporter)
    own.tell()
    assert spooled(folder) == []


@pytest.mark.parametrize("many", [False, True])
def test_a_slow_disk_holds_up_nobody_who_reports(folder, reporter, monkeypatch, many):
    own = Will(reporter)
    headway.operation("First").start()
    begun, over = threading.Event(), threading.Event()

    def write(*_):
        begun.set()
        assert over.wait(20)
        return True

    if many:
        ends(wills.ENDS_LIMIT + 1)
        monkeypatch.setattr(last_resort, "write", write)
    else:
        monkeypatch.setattr(will, "write", write)
    teller = threading.Thread(target=own.tell)
    teller.start()
    assert begun.wait(20)
    assert reporter.lock.acquire(timeout=1)
    reporter.lock.release()
    over.set()
    teller.join(20)
