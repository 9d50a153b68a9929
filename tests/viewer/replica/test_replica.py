import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase import INSTANCE, NOW, WALL, installers, operation, replica_of, row, snapshot, stage

from headway.protocol.messages import PUBLISHED, Delta, Lines, Pulse, Removed
from headway.protocol.wire import Malformed, decode, encode, pack
from headway_viewer.replica.replica import Replica
from headway_viewer.replica.snapshot_parts import BACKLOG


def delta(sequence, *rows, instance=INSTANCE, now=NOW):
    return Delta(instance, sequence, now, list(rows))


def state_of(replica):
    return {
        name: (made.record(), [part.record() for part in made.stages.values()], made.progress)
        for name, made in replica.operations.items()
    }


def test_a_snapshot_in_parts_is_taken_whole():
    npm, apt, *_ = installers()
    replica = Replica()
    assert not replica.fold(snapshot([npm], part=0, parts=2), 0.0)
    assert replica.operations == {}
    assert replica.fold(snapshot([apt], part=1, parts=2), 0.0)
    assert list(replica.operations) == [npm.id, apt.id]
    assert replica.take().fresh


@pytest.mark.parametrize("before", ["broker-0", INSTANCE, None])
def test_deltas_between_the_parts_of_a_snapshot_are_not_lost(before):
    npm, apt, *_ = installers()
    replica = Replica()
    if before is not None:
        replica.fold(snapshot([apt], instance=before), 0.0)
    replica.fold(snapshot([npm], part=0, parts=2, sequence=3), 0.0)
    replica.fold(delta(4, [apt.id, None, [], {3: 30}, None, {}, {}]), 0.0)
    replica.fold(snapshot([apt], part=1, parts=2, sequence=3), 0.0)
    assert replica.operations[apt.id].stages[3].done == 30
    replica.fold(delta(5, [apt.id, None, [], {3: 31}, None, {}, {}]), 0.0)
    assert replica.operations[apt.id].stages[3].done == 31
    assert (replica.sequence, replica.wanted, replica.take().missed) == (5, False, None)


def test_a_delta_of_the_next_broker_between_the_parts_is_none_of_theirs():
    npm, apt, *_ = installers()
    replica = Replica()
    replica.fold(snapshot([npm], part=0, parts=2, sequence=3), 0.0)
    replica.fold(delta(4, [apt.id, None, [], {3: 30}, None, {}, {}], instance="broker-2"), 0.0)
    replica.fold(snapshot([apt], part=1, parts=2, sequence=3), 0.0)
    assert replica.operations[apt.id].stages[3].done == 21
    assert replica.sequence == 3


def test_counts_change_a_stage_alone_or_with_total_and_detail():
    apt = installers()[1]
    replica = replica_of(apt)
    assert replica.fold(delta(2, [apt.id, None, [], {3: 22}, None, {}, {}]), NOW)
    unpack = replica.operations[apt.id].stages[3]
    assert (unpack.done, unpack.total, unpack.detail) == (22, 38, "postgresql-15")
    replica.fold(delta(3, [apt.id, None, [], {3: [23, 40, "x"]}, None, {}, {}]), NOW)
    assert (unpack.done, unpack.total, unpack.detail) == (23, 40, "x")


def test_shares_of_forked_children_are_added_to_what_is_shown():
    apt = installers()[1]
    replica = replica_of(apt)
    replica.fold(delta(2, [apt.id, None, [], {}, None, {}, {3: {"child": 5}}]), NOW)
    assert replica.operations[apt.id].stages[3].shown == 26


def test_a_gap_is_noticed_and_what_was_known_stays_until_a_snapshot_comes():
    apt = installers()[1]
    replica = replica_of(apt)
    replica.take()
    assert not replica.fold(delta(4, [apt.id, None, [], {3: 30}, None, {}, {}]), NOW)
    assert replica.wanted
    assert replica.operations[apt.id].stages[3].done == 21
    assert replica.take().missed == 2
    replica.fold(snapshot([apt], sequence=9), NOW)
    assert not replica.wanted
    assert replica.sequence == 9


def test_a_pulse_shows_that_the_last_delta_was_lost():
    replica = replica_of(*installers())
    replica.fold(Pulse(INSTANCE, 1, NOW), NOW)
    assert not replica.wanted
    replica.fold(Pulse(INSTANCE, 2, NOW), NOW)
    assert replica.wanted


def test_another_broker_means_a_new_snapshot():
    apt = installers()[1]
    replica = replica_of(apt)
    replica.fold(delta(2, instance="broker-2"), NOW)
    assert replica.wanted
    npm = installers()[0]
    replica.fold(snapshot([npm], instance="broker-2"), NOW)
    changes = replica.take()
    assert list(replica.operations) == [npm.id]
    assert changes.removed == [apt.id]


def test_a_delta_that_comes_twice_does_nothing():
    apt = installers()[1]
    replica = replica_of(apt)
    message = delta(2, [apt.id, None, [], {3: 22}, None, {}, {}])
    assert replica.fold(message, NOW)
    assert not replica.fold(message, NOW)
    assert replica.sequence == 2


def test_a_delta_of_an_unknown_operation_asks_for_everything():
    replica = replica_of()
    replica.fold(delta(2, ["nobody", None, [], {1: 5}, None, {}, {}]), NOW)
    assert replica.wanted
    assert replica.operations == {}


def test_too_many_deltas_within_a_snapshot_start_it_over():
    replica = Replica()
    replica.fold(snapshot([], part=0, parts=2), 0.0)
    for number in range(BACKLOG + 1):
        replica.fold(delta(number + 2), 0.0)
    assert replica.wanted
    assert replica.fold(snapshot([], sequence=5000), 0.0)


def test_removed_operations_go_away_and_say_so():
    apt, pip = installers()[1:3]
    replica = replica_of(apt, pip)
    replica.take()
    assert replica.fold(Removed(INSTANCE, 2, NOW, [apt.id, "unknown"]), NOW)
    changes = replica.take()
    assert changes.removed == [apt.id]
    assert list(replica.operations) == [pip.id]


def test_lines_are_no_state_and_no_gap():
    replica = replica_of(*installers())
    assert not replica.fold(Lines(INSTANCE, 1, NOW, "x", None, ["hello"]), NOW)
    assert not replica.wanted


def test_times_are_translated_by_the_message_that_was_least_late():
    replica = Replica()
    replica.fold(snapshot([]), 100.0)  # NOW there is 100 here
    assert replica.time(100.0) == NOW
    replica.fold(Pulse(INSTANCE, 1, NOW + 1.0), 103.0)  # two seconds late
    assert replica.time(103.0) == NOW + 3.0
    replica.fold(Pulse(INSTANCE, 1, NOW + 4.5), 104.0)  # the snapshot was late
    assert replica.time(104.0) == NOW + 4.5
    assert replica.unix(NOW) == WALL


def test_a_clock_of_day_that_was_set_is_told_by_the_pulse():
    replica = Replica()
    replica.fold(snapshot([]), 100.0)
    replica.fold(Pulse(INSTANCE, 1, NOW + 2.0, WALL + 3602.0), 102.0)
    assert replica.unix(NOW + 2.0) == WALL + 3602.0
    replica.fold(Pulse(INSTANCE, 1, NOW + 4.0), 104.0)  # of an older broker
    assert replica.unix(NOW + 2.0) == WALL + 3602.0


def test_a_tail_that_is_not_told_again_stays():
    npm = installers()[0]
    replica = replica_of(npm)
    replica.fold(
        delta(2, [npm.id, None, [], {}, [None, None, None, None, False, None], {}, {}]), NOW
    )
    assert replica.operations[npm.id].tail == npm.tail


def test_when_a_state_began_is_known_if_it_was_seen():
    made = operation("aaa", "x")
    replica = replica_of(made)
    assert replica.since("aaa") is None
    made.state = "waiting"
    replica.fold(delta(2, row(made), now=NOW + 5), NOW + 5)
    assert replica.since("aaa") == NOW + 5


def test_another_question_is_another_wait_and_another_holder_of_a_lock_is_not():
    made = operation("aaa", "x")
    replica, began = replica_of(made), []
    made.state = "waiting"
    reasons = ("the dpkg lock, held by process 3", "the dpkg lock, held by process 4")
    for number, reason in enumerate((*reasons, "an answer: name?", "an answer: pw?")):
        made.reason = reason
        replica.fold(delta(2 + number, row(made), now=NOW + number), NOW + number)
        began.append(replica.since("aaa") - NOW)
    assert began == [0, 0, 2, 3]


@given(st.lists(st.integers(0, 9), max_size=30), st.randoms(use_true_random=False))
def test_whatever_is_lost_or_repeated_a_snapshot_makes_it_true_again(steps, random):
    """The broker's copy changes; messages get lost and repeated; at last a snapshot comes."""
    truth = operation("aaa", "x")
    part = stage(truth, "s", total=100)
    replica = replica_of(copy.deepcopy(truth))
    sequence = 1
    for step in steps:
        part.done += step
        sequence += 1
        message = delta(sequence, ["aaa", None, [], {part.id: part.done}, None, {}, {}])
        for _ in range(random.choice([0, 1, 1, 1, 2])):
            replica.fold(message, NOW)
    replica.fold(Pulse(INSTANCE, sequence, NOW), NOW)
    if replica.wanted:
        replica.fold(snapshot([truth], sequence=sequence), NOW)
    assert state_of(replica) == state_of(replica_of(truth))


@pytest.mark.parametrize("wrong", ["short", ["strange"], [7] * 7, None, {}])
def test_a_malformed_row_is_left_out_and_costs_no_other(wrong):
    npm, apt, *_ = installers()
    replica = replica_of(npm)
    replica.fold(delta(2, wrong, row(apt)), NOW)
    assert list(replica.operations) == [npm.id, apt.id]
    assert replica.refused == {"strange" if wrong == ["strange"] else None}


def test_a_malformed_row_of_a_delta_asks_for_a_snapshot_which_may_tell_it_well():
    apt = installers()[1]
    replica = replica_of(apt)
    replica.fold(delta(2, [apt.id, None, [], {}, "figures", {}, {}]), NOW)
    assert (replica.wanted, replica.refused) == (True, {apt.id})
    replica.fold(snapshot([apt], sequence=2), NOW)
    assert (replica.wanted, replica.refused) == (False, set())
    assert list(replica.operations) == [apt.id]


def refusing(*good):
    """A replica whose snapshot had a malformed row of the operation "strange"."""
    message = snapshot(good)
    strange = row(operation("strange", "x"))
    strange[1][4] = "of a newer broker"
    replica = Replica()
    replica.fold(message._replace(operations=[strange, *message.operations]), NOW)
    return replica


def test_what_a_snapshot_did_not_tell_well_either_is_not_asked_for_again_and_again():
    apt = installers()[1]
    replica = refusing(apt)
    assert list(replica.operations) == [apt.id]
    replica.fold(delta(2, ["strange", None, [], {1: 5}, None, {}, {}]), NOW)
    replica.fold(delta(3, ["strange", None, [], {}, "figures", {}, {}]), NOW)
    replica.fold(delta(4, [apt.id, None, [], {3: 30}, None, {}, {}]), NOW)
    assert not replica.wanted
    assert replica.operations[apt.id].stages[3].done == 30
    assert replica.refused == {"strange"}


def test_an_operation_that_was_refused_is_taken_whole_once_it_is_well_formed():
    replica = refusing()
    strange = operation("strange", "x")
    replica.fold(delta(2, row(strange)), NOW)
    assert replica.wanted
    assert replica.operations == {}
    replica.fold(snapshot([strange], sequence=2), NOW)
    assert list(replica.operations) == ["strange"]
    assert replica.refused == set()


def test_an_operation_that_was_refused_and_is_gone_is_forgotten():
    replica = refusing()
    replica.fold(Removed(INSTANCE, 2, NOW, ["strange"]), NOW)
    assert replica.refused == set()


def test_a_row_of_a_newer_broker_is_taken_as_far_as_it_is_known():
    apt = installers()[1]
    replica = Replica()
    longer = row(apt)
    for part in (longer[1], longer[2][0], longer[4], longer):
        part.append("appended")
    message = snapshot([apt])
    replica.fold(message._replace(operations=[longer]), NOW)
    assert state_of(replica) == state_of(replica_of(apt))


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(0, 9), inner),
    max_leaves=4,
)


def _spoilt(value, places, wrong):
    """The row with something wrong in one place, which `places` lead to."""
    value = copy.deepcopy(value)
    part = value
    for place in places:
        steps = range(len(part)) if isinstance(part, list) else list(part)
        if not steps:
            break
        step = steps[place % len(steps)]
        if not isinstance(part[step], (list, dict)) or place == places[-1]:
            part[step] = wrong
            break
        part = part[step]
    return value


_rows = _values | st.builds(
    _spoilt,
    st.sampled_from([row(made) for made in installers()]),
    st.lists(st.integers(0, 30), min_size=1, max_size=3),
    _values,
)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([Delta, Removed, None]), st.lists(_rows, max_size=2)),
        max_size=4,
    )
)
def test_whatever_a_broker_publishes_the_replica_stays_usable(frames):
    made = installers()
    replica = replica_of(*made)
    for kind, some in frames:
        if kind is None:
            frame = pack([0, INSTANCE, replica.sequence, NOW, 0.0, 0, 1, some])
        else:
            frame = pack([PUBLISHED.index(kind), INSTANCE, replica.sequence + 1, NOW, some])
        try:
            message = decode(frame, PUBLISHED)
        except Malformed:
            continue
        replica.fold(message, NOW)
        replica.take()
    replica.fold(decode(encode(snapshot(made, sequence=99)), PUBLISHED), NOW)
    assert state_of(replica) == state_of(replica_of(*made))
    replica.fold(delta(100, [made[1].id, None, [], {3: 30}, None, {}, {}]), NOW)
    assert replica.operations[made[1].id].stages[3].done == 30
