"""A fleet, folded into the replica of a viewer."""

import pytest

from headway.model import Operation, Stage
from headway.protocol.wire import pack
from headway_viewer.fleet import state_message, subjects
from headway_viewer.fleet.fleet_stream import FleetStream
from headway_viewer.fleet.hosts import UNHEARD
from headway_viewer.replica.replica import Replica

SERVER = 1_700_000_000.0  # the server's clock as the subscription begins, at 1000 by ours


class Fleet:
    """Hosts that publish, and a viewer; `now` is the time since the subscription began."""

    def __init__(self):
        self.replica = Replica()
        self.stream = FleetStream(self.replica)
        self.begin(0)

    def begin(self, pending, now=0.0):
        self.stream.begin(pending, SERVER + now, 1000.0 + now, 5e8 + now)

    def hear(self, subject, data, now=0.0, age=0.0, pending=0):
        local = 1000.0 + now
        self.stream.receive(subject, data, SERVER + now - age, pending, local, 5e8 + now)

    def tell(self, operation, now=0.0, *, host="db", clock=0.0, session="s1", **more):
        """Publish a state; `clock` is that of the host at that time."""
        data = state_message.encode_state(session, "ada", clock, operation, with_output=False)
        self.hear(subjects.of_operation("berlin", host, operation.id), data, now, **more)

    def beat(self, now=0.0, *, host="db", session="s1", whole=True, absent=None, **more):
        data = state_message.encode_heartbeat(session, "ada", now, whole=whole, absent=absent)
        self.hear(subjects.of_heartbeat("berlin", host, "ada"), data, now, **more)

    def look(self, now=0.0):
        self.stream.flush(1000.0 + now, 5e8 + now)
        return self.replica.operations


@pytest.fixture
def fleet():
    return Fleet()


def operation(name="op1", state="running", started=0.0, done=3):
    made = Operation(name, "build")
    made.move("running", started)
    stage = made.add_stage(Stage(1, "compile", total=10))
    stage.move("running", started)
    stage.done = done
    if state != "running":
        made.move(state, started + 5.0)
    return made


def test_nothing_is_shown_before_the_snapshot_is_whole(fleet):
    fleet.begin(2)
    fleet.tell(operation("a"), pending=1)
    fleet.look()
    assert fleet.replica.wanted
    fleet.tell(operation("b"))
    assert not fleet.replica.wanted
    assert set(fleet.look()) == {"a", "b"}
    assert fleet.replica.take().fresh


def test_a_snapshot_ends_with_the_message_behind_which_none_waits(fleet):
    fleet.begin(5)  # of which some were replaced before they were delivered
    fleet.tell(operation("a"), pending=0)
    assert not fleet.replica.wanted


def test_what_comes_then_changes_one_operation(fleet):
    fleet.tell(operation(done=3))
    fleet.look()
    fleet.replica.take()
    fleet.tell(operation(done=7), 1.0)
    assert fleet.look(1.0)["op1"].stages[1].done == 7
    changes = fleet.replica.take()
    assert (changes.operations, changes.fresh) == (["op1"], False)


def test_the_host_is_that_of_the_subject(fleet):
    made = operation()
    made.host = "another"
    fleet.tell(made)
    assert fleet.look()["op1"].host == "db"


def test_times_of_two_hosts_are_moved_to_the_viewers_clock(fleet):
    # Both began 10 s before they were told; one was told a minute before the viewer came.
    fleet.begin(2)
    fleet.tell(operation("a", started=490.0), host="db", clock=500.0, age=60.0, pending=1)
    fleet.tell(operation("b", started=9e5 - 10), host="web", clock=9e5)
    found = fleet.look()
    assert found["a"].started == pytest.approx(1000.0 - 70.0)
    assert found["b"].started == pytest.approx(1000.0 - 10.0)
    assert found["a"].stages[1].started == pytest.approx(1000.0 - 70.0)


def test_a_host_that_is_not_heard_of_ends_nothing_and_its_operations_say_so(fleet):
    fleet.tell(operation())
    fleet.look()
    fleet.replica.take()
    found = fleet.look(UNHEARD + 1)["op1"]
    assert found.open
    assert found.unheard_since == pytest.approx(1000.0)
    assert fleet.replica.take().operations == ["op1"]
    fleet.beat(UNHEARD + 2)
    assert fleet.look(UNHEARD + 2)["op1"].unheard_since is None


def test_a_late_viewer_sees_that_a_host_has_not_been_heard_of_for_an_hour(fleet):
    fleet.begin(2)
    fleet.tell(operation(), age=3600.0, pending=1)
    fleet.beat(age=3600.0)
    assert fleet.look()["op1"].unheard_since == pytest.approx(1000.0 - 3600.0)


def test_what_a_new_session_of_a_host_does_not_tell_of_is_there_no_more(fleet):
    fleet.tell(operation("gone"), session="s1")
    fleet.tell(operation("over", "completed"), session="s1")
    fleet.tell(operation("kept"), session="s1")
    fleet.look()
    fleet.tell(operation("kept"), 1.0, session="s2")
    fleet.beat(1.0, session="s2", whole=False)
    assert set(fleet.look(1.0)) == {"gone", "over", "kept"}
    fleet.beat(2.0, session="s2")
    assert set(fleet.look(2.0)) == {"over", "kept"}


def test_a_late_viewer_is_not_shown_it_either(fleet):
    fleet.begin(3)
    fleet.tell(operation("gone"), session="s1", age=50.0, pending=2)
    fleet.beat(session="s2", pending=1)
    fleet.tell(operation("kept"), session="s2")
    assert set(fleet.look()) == {"kept"}


def test_a_removal_removes_only_what_is_of_its_host(fleet):
    fleet.tell(operation("a"), host="db")
    fleet.tell(operation("b"), host="db")
    fleet.look()
    data = state_message.encode_removed("s1", "ada", 1.0)
    fleet.hear(subjects.of_operation("berlin", "db", "a"), data, 1.0)
    fleet.hear(subjects.of_operation("berlin", "web", "b"), data, 1.0)
    assert set(fleet.look(1.0)) == {"b"}


def test_a_host_cannot_tell_of_the_operation_of_another(fleet):
    fleet.tell(operation("a"), host="db")
    fleet.look()
    fleet.tell(operation("a", "failed"), 1.0, host="web")
    found = fleet.look(1.0)["a"]
    assert (found.state, found.host) == ("running", "db")
    assert fleet.stream.malformed == 1


def test_what_is_wrong_costs_nothing_else_and_newer_versions_are_named(fleet):
    fleet.hear("headway.berlin.db.x", b"\xc1")
    fleet.hear("headway.berlin.db.x", pack([2, 0, "s", "r", 1.0]))
    fleet.hear(
        "headway.berlin.db.x", pack([1, 0, "s", "r", 1.0, ["y", [None] * 30, [], {}, None, {}, {}]])
    )
    bad = ["x", ["x", *[None] * 30], "stages", 5, ["?"] * 11, {}, {}]
    fleet.hear("headway.berlin.db.x", pack([1, 0, "s", "r", 1.0, bad]))
    fleet.hear("elsewhere", b"")
    fleet.tell(operation("a"))
    assert set(fleet.look()) == {"a"}
    assert fleet.stream.newer == {"db"}
    assert fleet.stream.malformed == 2


def test_after_a_lost_connection_all_is_read_again(fleet):
    fleet.tell(operation("a"))
    fleet.tell(operation("b"))
    fleet.look()
    fleet.stream.lost()
    assert fleet.replica.wanted
    fleet.tell(operation("late"))  # of the connection before: there is no place for it
    fleet.begin(1, 10.0)
    fleet.tell(operation("b", done=9), 10.0)
    assert set(fleet.look(10.0)) == {"b"}


def test_more_operations_than_a_viewer_shows_are_counted(fleet, monkeypatch):
    monkeypatch.setattr("headway_viewer.fleet.fleet_stream.OPERATIONS_LIMIT", 2)
    for name in ("a", "b", "c"):
        fleet.tell(operation(name))
    assert len(fleet.look()) == 2
    assert fleet.stream.over == 1


def test_a_host_without_a_broker_is_told_and_ends_nothing(fleet):
    fleet.tell(operation())
    fleet.look()
    fleet.replica.take()
    fleet.beat(10.0, whole=False, absent=7.0)
    found = fleet.look(10.0)["op1"]
    assert (found.open, found.in_contact, found.unheard_since) == (True, False, None)
    assert found.no_broker_since == pytest.approx(1003.0)
    assert fleet.replica.take().operations == ["op1"]
    fleet.beat(20.0)
    assert fleet.look(20.0)["op1"].in_contact


def test_a_late_viewer_sees_that_a_host_came_back_from_a_reboot_without_a_broker(fleet):
    fleet.begin(2)
    fleet.tell(operation(), age=300.0, pending=1)
    fleet.beat(session="s2", whole=False, absent=60.0)
    assert fleet.look()["op1"].no_broker_since == pytest.approx(940.0)


def test_what_is_first_told_of_after_its_host_was_out_of_contact_says_so_too(fleet):
    fleet.tell(operation("a"))
    fleet.beat(10.0, whole=False, absent=7.0)
    fleet.look(10.0)
    fleet.tell(operation("b"), 11.0)  # all is told again after a reconnection
    assert not fleet.look(11.0)["b"].in_contact
