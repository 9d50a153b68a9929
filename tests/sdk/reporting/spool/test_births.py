"""The file of what a process begins while nobody listens: when it is there, and what it tells."""

import os

import pytest

import headway
from headway.protocol import messages
from headway.reporting.spool import births as rules
from headway.reporting.spool import last_resort
from headway.reporting.spool.births import LONGEST, REST, SLOW, Births, remove, tell_last
from headway.testing import reporting
from headway_broker.shell.spool import frames

LATER = 10 * LONGEST


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path / "run" / "unsent"


@pytest.fixture
def reporter():
    with reporting() as own:
        own.publisher.about.update(pid=7)
        yield own


def left(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


def told(folder):
    (name,) = left(folder)
    hello, *announced = frames((folder / name).read_bytes())[0]
    assert isinstance(hello, messages.Hello)
    return {message.operation[2]: message.operation[4] for message in announced}


def welcome(publisher):
    publisher.connected()
    publisher.take(1.0)
    publisher.receive(messages.Welcome(1, 0, "b", 1.0, 1.0, "ipc:///f", True), 1.0)


def acknowledge(publisher, *operations):
    """The broker tells that it has stored these as open, or all."""
    ids = [operation.id for operation in operations] or list(publisher.operations)
    publisher.receive(messages.Acknowledge([], [], ids), 1.0)


def test_a_process_that_is_over_in_a_moment_leaves_what_no_broker_has_stored(folder, reporter):
    op = headway.operation("Work").start()
    names = tell_last(reporter)
    assert told(folder) == {"Work": "running"}
    hello = frames((folder / names[0]).read_bytes())[0][0]
    assert [word.isdecimal() for word in hello.about[messages.IMAGE].split()] == [True] * 3
    remove(names)
    assert left(folder) == []
    welcome(reporter.publisher)
    acknowledge(reporter.publisher, op)
    assert tell_last(reporter) == []
    assert left(folder) == []


def test_a_program_that_becomes_another_says_so_of_all_that_is_open(folder, reporter):
    op = headway.operation("Work").start()
    welcome(reporter.publisher)
    acknowledge(reporter.publisher, op)
    [name] = tell_last(reporter, becomes=True)
    hello = frames((folder / name).read_bytes())[0][0]
    assert hello.about[messages.BECOMES] == 1
    assert told(folder) == {"Work": "running"}


def test_beside_a_broker_that_listens_nothing_is_written(folder, reporter):
    births = Births(reporter)
    headway.operation("Work").start()
    births.keep(1.0, listening=True)
    assert left(folder) == []
    welcome(reporter.publisher)
    births.keep(1.0 + SLOW, listening=True)
    assert left(folder) == []
    assert births.deadline() is None


def test_once_the_program_has_ended_there_is_nothing_to_look_for(folder, reporter):
    births = Births(reporter)
    headway.operation("Work").start()
    births.keep(1.0, listening=True)
    reporter.closed = True  # the exit writes a file, which may take long
    births.keep(1.0 + SLOW, listening=True)
    assert births.deadline() is None
    assert left(folder) == []


def test_a_broker_that_listens_and_greets_nobody_is_none_after_a_while(folder, reporter):
    births = Births(reporter)
    headway.operation("Work").start()
    births.keep(1.0, listening=True)
    assert births.deadline() == 1.0 + SLOW
    births.keep(1.0 + SLOW, listening=True)
    assert told(folder) == {"Work": "running"}
    assert births.deadline() is None
    welcome(reporter.publisher)
    acknowledge(reporter.publisher)
    births.keep(2.0 + SLOW, listening=True)
    assert left(folder) == []


def test_before_its_process_stops_the_file_tells_what_is_new_at_once(folder, reporter):
    births = Births(reporter)
    work = headway.operation("Work").start()
    births.keep(1.0, listening=False)
    work.wait("its terminal")
    births.keep(1.0, listening=False)
    assert told(folder) == {"Work": "running"}
    births.hurry()
    births.keep(1.0, listening=False)
    assert told(folder) == {"Work": "waiting"}
    work.wait("another thing")
    births.keep(1.0, listening=False)
    assert not births.has_told


def test_the_file_stays_until_a_broker_has_stored_all_that_it_tells(folder, reporter):
    births = Births(reporter)
    first = headway.operation("First").start()
    second = headway.operation("Second").start()
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    births.keep(LATER, listening=True)
    acknowledge(reporter.publisher, first)
    births.keep(2 * LATER, listening=True)
    assert told(folder) == {"First": "running", "Second": "running"}
    assert births.deadline() is None
    acknowledge(reporter.publisher, second)
    births.keep(2 * LATER, listening=True)
    assert left(folder) == []


def test_what_one_broker_had_stored_is_not_believed_of_the_next(folder, reporter):
    births = Births(reporter)
    headway.operation("Work").start()
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    acknowledge(reporter.publisher)
    reporter.publisher.lost()
    welcome(reporter.publisher)
    births.keep(LATER, listening=True)
    assert told(folder) == {"Work": "running"}


def test_an_end_that_a_broker_has_refused_keeps_the_file(folder, reporter):
    births = Births(reporter)
    operation = headway.operation("Work").start()
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    operation.complete()
    details = {"operation": operation.id}
    reporter.publisher.receive(messages.Refuse("too many operations", details), 1.0)
    births.keep(LATER, listening=True)
    assert told(folder) == {"Work": "running"}


def test_what_is_begun_and_ended_while_nobody_listens_is_in_one_file(folder, reporter):
    births = Births(reporter)
    headway.operation("First").start()
    births.keep(1.0, listening=False)
    assert told(folder) == {"First": "running"}
    with headway.operation("Second"):
        pass
    assert births.deadline() < LATER
    births.keep(LATER, listening=False)
    assert told(folder) == {"First": "running", "Second": "completed"}
    assert births.deadline() is None


def test_what_is_told_to_a_broker_once_the_file_has_gone_needs_no_other(folder, reporter):
    births = Births(reporter)
    operation = headway.operation("Work").start()
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    acknowledge(reporter.publisher)
    births.keep(LATER, listening=True)
    assert left(folder) == []
    operation.complete()
    births.keep(2 * LATER, listening=True)
    assert left(folder) == []


def test_an_end_after_the_file_keeps_it_until_that_is_acknowledged(folder, reporter):
    births = Births(reporter)
    operation = headway.operation("Work").start()
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    operation.complete()
    acknowledge(reporter.publisher)
    births.keep(LATER, listening=True)
    assert told(folder) == {"Work": "running"}
    revision = operation.model.revision
    reporter.publisher.receive(messages.Acknowledge([[operation.id, revision]]), 2.0)
    births.keep(LATER, listening=True)
    assert left(folder) == []


def test_it_stays_until_the_ends_in_it_are_acknowledged(folder, reporter):
    births = Births(reporter)
    with headway.operation("Work") as operation:
        pass
    births.keep(1.0, listening=False)
    welcome(reporter.publisher)
    births.keep(LATER, listening=True)
    assert told(folder) == {"Work": "completed"}
    model = operation.model
    reporter.publisher.receive(messages.Acknowledge([[model.id, model.revision]]), 2.0)
    births.keep(2 * LATER, listening=True)
    assert left(folder) == []


def test_a_directory_that_takes_no_file_costs_one_try_for_each_change(folder, reporter):
    births = Births(reporter)
    folder.parent.mkdir(mode=0o700)
    folder.write_bytes(b"")  # no directory
    headway.operation("Work").start()
    births.keep(1.0, listening=False)
    assert births.deadline() is None


def test_once_the_ends_are_in_a_file_it_goes_before_anything_is_waited_for(folder, reporter):
    births = reporter.births = Births(reporter)
    headway.operation("Work").start()
    births.keep(1.0, listening=False)
    (birth,) = left(folder)
    reporter.end()
    assert left(folder) == [reporter.session] != [birth]
    births.keep(LATER, listening=False)
    assert left(folder) == [reporter.session]


class EndingLock:
    """A lock after whose next release another thread ends the program."""

    def __init__(self, reporter):
        self._reporter = reporter
        self._lock = reporter.lock
        self.acquire, self.release = self._lock.acquire, self._lock.release

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *_):
        self._lock.release()
        self._reporter.lock = self._lock
        self._reporter.end()


def test_what_the_program_ends_meanwhile_is_not_written_and_told_by_its_end(
    folder, reporter, monkeypatch
):
    """Else it would tell of what is open, to a broker that does not know of its end any more."""
    written = []
    monkeypatch.setattr(last_resort, "write_spool_file", lambda *file: written.append(file))
    births = reporter.births = Births(reporter)
    headway.operation("Work").start()
    reporter.lock = EndingLock(reporter)
    births.keep(1.0, listening=False)
    assert [name for _, _, name, _ in written] == [reporter.session]


def test_what_much_has_ended_is_written_once_it_rests(folder, reporter, monkeypatch):
    monkeypatch.setattr(rules, "MUCH", 3)
    births = Births(reporter)
    with headway.operation("Work") as op:
        for name in "abc":
            with op.stage(name):
                pass
    births.keep(1.0, listening=False)
    assert left(folder) == []
    assert births.deadline() == 1.0 + REST
    with headway.operation("More"):
        pass
    births.keep(1.0 + REST, listening=False)
    assert left(folder) == []
    births.keep(births.deadline(), listening=False)
    assert told(folder) == {"Work": "completed", "More": "completed"}


def test_what_never_rests_is_written_all_the_same(folder, reporter, monkeypatch):
    monkeypatch.setattr(rules, "MUCH", 1)
    births = Births(reporter)
    now = 1.0
    while not left(folder):
        assert now < 1.0 + 2 * LONGEST
        with headway.operation("Work"):
            pass
        births.keep(now, listening=False)
        now += REST / 2
