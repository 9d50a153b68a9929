from headway_viewer.notify.bursts import CALM, CROWD, GATHER, Bursts
from headway_viewer.notify.notice import QUESTION, Notice


def notice(number, event="completed", operation=None):
    name = f"op {number}" if operation is None else operation
    return Notice(f"key {number}", event, f"{name} {event}", "", "", operation=name)


def test_one_or_two_are_told_as_they_are():
    bursts = Bursts()
    bursts.add(notice(1), 100.0)
    bursts.add(notice(2, "failed"), 100.1)
    assert bursts.due(100.0 + GATHER / 2) == []
    assert bursts.deadline() == 100.0 + GATHER
    assert [n.title for n in bursts.due(100.0 + GATHER)] == ["op 1 completed", "op 2 failed"]
    assert bursts.deadline() is None
    assert bursts.due(200.0) == []


def test_many_at_once_are_told_as_one():
    bursts = Bursts()
    for number in range(12):
        bursts.add(notice(number, "failed" if number < 2 else "completed"), 100.0)
    assert [n.title for n in bursts.due(101.0)] == ["12 ended, 2 failed"]


def test_a_question_stands_for_itself_and_does_not_wait():
    bursts = Bursts()
    for number in range(CROWD):
        bursts.add(notice(number), 100.0 + number)
        bursts.due(100.9 + number)
    bursts.add(notice(7), 104.0)
    assert bursts.deadline() == 104.0 + CALM
    for number in range(8, 12):
        bursts.add(notice(number, QUESTION if number == 9 else "completed"), 105.0)
    told = bursts.due(105.0 + GATHER)
    assert [n.title for n in told] == ["op 9 question", "4 ended"]


def test_a_rain_of_ends_is_gathered_for_longer():
    bursts = Bursts()
    told = []
    for second in range(60):
        bursts.add(notice(second), 100.0 + second)
        told += bursts.due(100.0 + second + GATHER)
    assert len(told) < 12


def test_of_an_operation_told_twice_only_the_later_notice_is():
    bursts = Bursts()
    bursts.add(notice(1, "crashed", "deploy"), 100.0)
    bursts.add(notice(2, "completed", "deploy"), 100.1)
    assert [n.event for n in bursts.due(101.0)] == ["completed"]


def test_quiet_hours_hold_all_back_to_their_end():
    bursts = Bursts()
    for number in range(5):
        bursts.add(notice(number), 100.0)
    assert bursts.due(101.0, quiet=3600.0) == []
    assert bursts.deadline() == 101.0 + 3600.0
    assert [n.title for n in bursts.due(101.0 + 3600.0)] == ["5 ended"]
