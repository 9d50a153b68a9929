"""What is left by the standard library alone is what msgpack would have made."""

import enum
import glob
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headway
from headway.host.files import lost_ends
from headway.host.files import spool as spool_files
from headway.protocol import messages, packing, wire
from headway.reporting import publisher as publisher_rules
from headway.reporting.spool import last_resort
from headway.testing import reporting
from headway_broker.shell.spool import Spool, frames
from headway_viewer.connection.spooled_ends import read_ends


def test_a_program_that_ends_in_haste_leaves_what_it_owes(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with reporting() as reporter:
        reporter.publisher.about.update(pid=7)
        with headway.operation("Install"):
            pass
        last_resort.finish(reporter)
    (path,) = glob.glob(str(tmp_path / "run" / "unsent" / "*"))
    assert os.path.basename(path) == reporter.session
    with open(path, "rb") as file:
        hello, announce, bye = frames(file.read())[0]
    assert (hello.session, hello.about["pid"]) == (reporter.session, 7)
    assert announce.operation[2:5] == ["Install", None, "completed"]
    assert isinstance(bye, messages.Bye)


class Text(str):
    """A text that answers with a fault."""

    __slots__ = ()

    def __str__(self):
        raise RuntimeError

    __len__ = encode = __str__


class Odd:
    """What is no value at all, and cannot say so."""

    def __str__(self):
        raise RuntimeError

    __bool__ = __eq__ = __hash__ = __float__ = __str__


class Level(enum.IntEnum):
    """Whole numbers with names."""

    LOW = 3


ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.decimals()
    | st.fractions()
    | st.text(st.characters())
    | st.binary()
    | st.sampled_from([Text("a"), "\udcff", Level.LOW, [1], 10**400])
    | st.builds(Odd)
)


@given(st.lists(ANYTHING, min_size=13, max_size=13))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_whatever_enters_by_the_api_is_packed_in_both_ways_the_same(values):
    name, key, notify, display, cancellable, stage_name, total, unit, done, step = values[:10]
    with reporting() as reporter:
        op = headway.operation(
            name, key=key, notify=notify, display=display, cancellable=cancellable
        ).start()
        stage = op.stage(stage_name, total, unit).start()
        stage.advance(step)
        stage.update(done=done, total=step, detail=name, unit=key)
        stage.update(done=step, total=done, detail=unit, unit=total)
        stage.wait(values[10])
        op.set(message=values[11], exit_status=total, notify=key, cancellable=done)
        op.log(values[12])
        for item in op.track([1, 2], name, total, unit):
            assert item
        stage.skip(values[11]) if values[10] is None else stage.fail(values[12])
        op.complete(message=values[12])
        owed = list(reporter.publisher.spool_messages(1.0))
    assert len(owed) == 3
    for message in owed:
        assert packing.frame(message) == wire.encode(message)
        wire.decode(wire.encode(message), messages.INBOUND)


def test_what_cannot_be_packed_costs_no_other_and_is_counted():
    with reporting() as reporter:
        reporter.publisher.about.update(pid=7, odd=Odd())
        for name in ("Before", "Broken", "After"):
            with headway.operation(name):
                pass
        owed = list(reporter.publisher.spool_messages(1.0))
        owed[2].operation[2] = Odd()
    (contents,) = last_resort.spooled(owed)
    hello, *others = frames(contents)[0]
    assert hello.about == {"pid": 7, "unpacked": 1}
    assert [message.operation[2] for message in others[:-1]] == ["Before", "After"]


def test_what_a_program_leaves_has_no_texts(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with reporting() as reporter:
        operation = headway.operation("Install").start()
        operation.stage("Download").start().update(detail="token 1234")
        operation.fail("token 1234")
        last_resort.finish(reporter)
    (path,) = glob.glob(str(tmp_path / "run" / "unsent" / "*"))
    with open(path, "rb") as file:
        data = file.read()
    assert b"Download" in data
    assert b"1234" not in data


def test_nothing_owed_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    with reporting() as reporter:
        last_resort.finish(reporter)
    assert not os.path.exists(tmp_path / "run")


def names(folder):
    (path,) = folder.iterdir()
    return [message.operation[2] for message in frames(path.read_bytes())[0][1:-1]]


def test_what_ends_after_a_file_was_left_is_in_another_that_takes_its_place(folder):
    with reporting() as reporter:
        reporter.publisher.about.update(pid=7)
        for name in ("Before exec", "After it failed"):
            with headway.operation(name):
                pass
            reporter.exit_spool.write(reporter.session)
        assert names(folder) == ["Before exec", "After it failed"]
        (before,) = os.listdir(folder)
        reporter.exit_spool.write(reporter.session)
        assert os.listdir(folder) == [before]


def test_an_end_that_the_broker_refuses_stays_owed(folder):
    with reporting() as reporter:
        publisher = reporter.publisher
        publisher.about.update(pid=7)
        for name in ("Taken", "Refused"):
            with headway.operation(name) as op:
                pass
            if name == "Taken":
                taken = messages.Acknowledge([[op.id, op.model.revision]])
                publisher.receive(taken, 1.0)
        publisher.receive(messages.Refuse("illegal move", {"operation": op.id}), 1.0)
        assert publisher.all_acknowledged
        assert publisher.has_unacknowledged
        assert not publisher.awaits_ends
        last_resort.finish(reporter)
    assert names(folder) == ["Refused"]


def test_ends_that_found_no_place_are_counted_once(folder):
    folder.parent.mkdir(mode=0o700)
    folder.write_bytes(b"")  # no directory
    with reporting() as reporter:
        for name in ("First", "Second"):
            with headway.operation(name):
                pass
        with pytest.raises(NotADirectoryError):
            last_resort.finish(reporter)
        for _ in range(2):
            reporter.exit_spool.count_lost()
    assert lost_ends.known([str(folder.parent)])[0] == 2


def test_where_the_runtime_directorys_disk_is_full_an_end_is_on_another(folder, monkeypatch):
    def write(place, user, name, data):
        if place == str(folder.parent):
            raise OSError(28, "full")
        return original(place, user, name, data)

    original = last_resort.write_spool_file
    monkeypatch.setattr(last_resort, "write_spool_file", write)
    with reporting() as reporter:
        with headway.operation("Work"):
            pass
        last_resort.finish(reporter)
        assert reporter.exit_spool.filled
        second = spool_files.second_place(str(folder.parent), os.getuid())
        assert second.startswith(os.environ["HEADWAY_STATE_DIR"])
        broker = Spool(str(folder.parent), os.getuid(), [second])
        (found,) = broker.read(1.0)
        assert found.messages[1].operation[2] == "Work"
        assert [one.name for one in read_ends(reporter.clock()).operations] == ["Work"]
        reporter.exit_spool.withdraw()
    assert os.listdir(os.path.join(second, "unsent")) == []


def test_ends_that_are_in_a_file_are_not_counted_as_lost(folder):
    with reporting() as reporter:
        with headway.operation("Work"):
            pass
        last_resort.finish(reporter)
        reporter.exit_spool.count_lost()
    assert lost_ends.known([str(folder.parent)])[0] == 0


def test_a_program_that_ended_before_anything_was_known_of_it_tells_whose_its_operations_are(
    folder,
):
    with reporting() as reporter:
        with headway.operation("Install") as operation:
            pass
        last_resort.finish(reporter)
    (path,) = folder.iterdir()
    hello, announce, _ = frames(path.read_bytes())[0]
    assert hello.about["pid"] == os.getpid() == operation.model.pid
    assert os.getpid() in announce.operation


def contents(folder):
    """The messages of all files."""
    return [message for path in sorted(folder.iterdir()) for message in read(path)]


def read(path):
    found, aside = frames(path.read_bytes())
    assert aside is None
    return found


def test_more_than_a_broker_takes_in_one_file_is_in_several(folder, monkeypatch):
    monkeypatch.setattr(last_resort, "SPOOL_FILE_BYTES", 500)
    with reporting() as reporter:
        reporter.publisher.about.update(pid=7, unpacked=1)
        for number in range(20):
            with headway.operation(f"Work {number}") as op, op.stage("Only"):
                pass
        last_resort.finish(reporter)
        files = list(folder.iterdir())
        assert len(files) > 2
        for path in files:
            assert path.stat().st_size < 1_000
            assert isinstance(read(path)[0], messages.Hello)
        ends = [m.operation[2] for m in contents(folder) if isinstance(m, messages.Announce)]
        assert sorted(ends) == sorted(f"Work {number}" for number in range(20))
        hellos = [m for m in contents(folder) if isinstance(m, messages.Hello)]
        assert sum(hello.about.get("unpacked", 0) for hello in hellos) == 1
        reporter.exit_spool.withdraw()
    assert not list(folder.iterdir())


def test_a_disk_that_takes_one_of_several_files_has_none_of_them(folder, monkeypatch):
    monkeypatch.setattr(last_resort, "SPOOL_FILE_BYTES", 1)
    written = []

    def write(place, user, name, data):
        if written:
            raise OSError(28, "full")
        written.append(name)
        return original(place, user, name, data)

    original = last_resort.write_spool_file
    monkeypatch.setattr(last_resort, "write_spool_file", write)
    with reporting() as reporter:
        for name in ("First", "Second"):
            with headway.operation(name):
                pass
        with pytest.raises(OSError, match="full"):
            last_resort.finish(reporter)
        assert not reporter.exit_spool.filled
    assert written
    assert not list(folder.iterdir())


def test_an_operation_with_more_stages_than_a_file_has_room_for_has_its_end_there(monkeypatch):
    monkeypatch.setattr(publisher_rules, "STAGES_IN_FILES", 5)
    monkeypatch.setattr(publisher_rules, "STAGES_LIMIT", 2)
    with reporting() as reporter:
        with headway.operation("Work") as op:
            for number in range(8):
                op.stage(f"Stage {number}").start().complete()
        owed = reporter.publisher.spool_messages(1.0)
        announced = [m for m in owed if isinstance(m, messages.Announce)]
        assert [len(m.stages) for m in announced] == [2, 2, 1]
        assert announced[0].operation[4] == "completed"
        monkeypatch.setattr(publisher_rules, "SPOOL_FILE_BYTES", 1)
        owed = reporter.publisher.spool_messages(1.0)
    assert [len(m.stages) for m in owed if isinstance(m, messages.Announce)] == [2]


def test_corrections_have_small_files_of_their_own(folder, monkeypatch):
    monkeypatch.setattr(last_resort, "CORRECTIONS_BYTES", 300)
    with reporting() as reporter:
        made = [headway.operation(f"Work {number}").start() for number in range(50)]
        last_resort.finish(reporter)
        (whole,) = folder.iterdir()
        sizes = []

        def note(place, user, name, data):
            sizes.append(len(data))
            return original(place, user, name, data)

        original = last_resort.write_spool_file
        monkeypatch.setattr(last_resort, "write_spool_file", note)
        for one in made:
            one.fail("late")
        assert len(sizes) == 50
        assert max(sizes) < 1_500 < whole.stat().st_size
    assert whole.exists()
    last = {}  # a broker takes the newest revision, in whichever order it reads
    for message in contents(folder):
        if isinstance(message, messages.Announce):
            operation, revision, *_ = message.operation
            last.setdefault(operation, {})[revision] = message.operation[4]
    assert {told[max(told)] for told in last.values()} == {"failed"}
    assert len(last) == 50


def newest(folder):
    """How each operation ends by the files: name → state."""
    told = {}
    for message in contents(folder):
        if isinstance(message, messages.Announce):
            operation, revision, name, _, state, *_ = message.operation
            told[operation] = max(told.get(operation, (-1,)), (revision, name, state))
    return {name: state for _, name, state in told.values()}


ALL = {"First": "completed", "Late": "completed", "Left": "failed"}


def begin():
    """End one, leave two open; return the one that a daemon thread ends."""
    with headway.operation("First"):
        pass
    headway.operation("Left").start()
    return headway.operation("Late").start()


def test_a_correction_before_the_file_of_all_takes_nothing_from_it(folder):
    with reporting() as reporter:
        late = begin()
        reporter.judge_open()
        late.complete()
        reporter.exit_spool.write(reporter.session)
        assert newest(folder) == ALL
        reporter.exit_spool.withdraw()
    assert not list(folder.iterdir())


def test_a_correction_beside_files_that_tell_less_is_no_reason_to_tell_no_more(folder):
    with reporting() as reporter:
        with headway.operation("Before"):
            pass
        reporter.exit_spool.write(reporter.next_spool_name())
        late = begin()
        reporter.judge_open()
        late.complete()
        reporter.exit_spool.write(reporter.session)
        assert newest(folder) == {"Before": "completed", **ALL}


def test_a_correction_after_a_file_of_all_that_had_no_room_is_one(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "full")

    with reporting() as reporter:
        late = begin()
        with monkeypatch.context() as patch:
            patch.setattr(last_resort, "write_spool_file", full)
            with pytest.raises(OSError, match="full"):
                last_resort.finish(reporter)
        late.complete()
        assert newest(folder) == ALL
        last_resort.finish(reporter)
        assert newest(folder) == ALL
        reporter.exit_spool.withdraw()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_corrections_while_the_file_of_all_is_written_are_kept(folder, monkeypatch, before, again):
    original = last_resort.write_spool_file
    due = []

    def write(place, user, name, data):
        while due:
            due.pop()()
        return original(place, user, name, data)

    monkeypatch.setattr(last_resort, "write_spool_file", write)
    with reporting() as reporter:
        if before:
            with headway.operation("Before"):
                pass
            reporter.exit_spool.write(reporter.session)
        other = headway.operation("Other").start()
        late = begin()
        due += [late.complete, other.complete]
        if again:  # another thread that ends the program
            due.append(lambda: last_resort.finish(reporter))
        last_resort.finish(reporter)
        expected = {**({"Before": "completed"} if before else {}), "Other": "completed", **ALL}
        assert newest(folder) == expected
        last_resort.finish(reporter)
        assert newest(folder) == expected
        reporter.exit_spool.withdraw()
    assert not list(folder.iterdir())


def test_files_that_had_to_go_for_another_are_counted_as_lost(folder, monkeypatch):
    monkeypatch.setattr(spool_files, "WAITING_LIMIT", 10)
    monkeypatch.setattr(spool_files, "SEARCH_EVERY", 1)
    with reporting() as reporter:
        for number in range(11):
            with headway.operation(f"Work {number}"):
                pass
            last_resort.spool(
                f"s{number}", reporter.publisher.spool_messages(1.0), reporter.next_spool_name
            )
    assert len(os.listdir(folder)) == 9
    assert lost_ends.known([str(folder.parent)])[0] == 2
