"""What the broker does by itself, and in which order."""

from wired import Wired

from headway_broker.schedule import duties_of


def names():
    return [duty.name for duty in duties_of(Wired().core)]


def test_every_duty_has_a_name_of_its_own():
    assert len(set(names())) == len(names())


def test_what_changes_an_operation_is_done_before_a_frame_and_what_forgets_it_after():
    order = names()
    frame = order.index("publish")
    assert {"settle_deaths", "apply_counts", "show_overdue_ends"} <= set(order[:frame])
    assert {"store", "acknowledge_shares", "expire"} <= set(order[frame:])


def test_an_idle_broker_exits_after_all_else():
    assert names()[-1] == "exit_when_idle"
