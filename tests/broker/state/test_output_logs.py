import pytest

from headway_broker.state import output_logs
from headway_broker.state.output_logs import LOG_COST, Logs


@pytest.fixture
def small(monkeypatch):
    """Logs with budgets of 10 bytes for one, 25 for a process and 50 for all."""
    monkeypatch.setattr(output_logs, "LOG_COST", 0)
    monkeypatch.setattr(output_logs, "LOG_LIMIT", 10)
    monkeypatch.setattr(output_logs, "PROCESS_LIMIT", 25)
    monkeypatch.setattr(output_logs, "LOGS_LIMIT", 50)
    return Logs()


def text(kept, operation):
    log = kept.by_operation[operation]
    return log.first, bytes(log.data)


def ended(kept, operation, process, data):
    kept.append(operation, process, 0, data, len(data))
    kept.end(operation)


@pytest.mark.parametrize(
    ("pieces", "held"),
    [
        ([(0, b"abc"), (3, b"def")], (0, b"abcdef")),
        ([(0, b"abc"), (0, b"abc")], (0, b"abc")),
        ([(0, b"abc"), (1, b"bcde")], (0, b"abcde")),
        ([(0, b"abcdef"), (1, b"bc")], (0, b"abcdef")),
        ([(5, b"fg")], (5, b"fg")),
        ([(0, b"abc"), (6, b"gh")], (6, b"gh")),
        ([(0, b"0123456789"), (10, b"abc")], (3, b"3456789abc")),
        ([(0, b"0123456789abcdef")], (6, b"6789abcdef")),
        ([(0, b"")], (0, b"")),
    ],
)
def test_pieces_are_joined_by_their_offsets(small, pieces, held):
    for offset, data in pieces:
        small.append("op", "p", offset, data, offset + len(data))
    assert text(small, "op") == held
    assert small.by_operation["op"].end == held[0] + len(held[1])
    assert small.bytes == len(held[1])


def test_the_oldest_log_that_has_ended_makes_room_first(small):
    small.append("open", "p0", 0, b"o" * 10, 10)
    for number in range(4):
        ended(small, f"e{number}", f"p{number}", b"x" * 10)
    assert small.bytes == 50
    ended(small, "e4", "p4", b"y" * 7)
    assert text(small, "e0") == (7, b"xxx")
    assert text(small, "open") == (0, b"o" * 10)
    ended(small, "e5", "p5", b"z" * 10)
    assert text(small, "e0") == (10, b"")
    assert text(small, "e1") == (7, b"xxx")
    assert small.bytes == 50


def test_one_process_makes_room_for_itself(small):
    ended(small, "other", "q", b"o" * 10)
    for number in range(3):
        ended(small, f"e{number}", "p", b"x" * 10)
    assert text(small, "e0") == (5, b"xxxxx")
    assert text(small, "other") == (0, b"o" * 10)


def test_where_all_go_on_the_oldest_makes_room(small):
    for number in range(6):
        small.append(f"o{number}", f"p{number}", 0, b"x" * 10, 10)
    assert text(small, "o0") == (10, b"")
    assert small.bytes == 50


def test_what_is_forgotten_takes_nothing(small):
    ended(small, "op", "p", b"x" * 10)
    small.forget("op")
    small.forget("op")
    assert (small.bytes, small.by_operation) == (0, {})
    assert small._of_process == {}
    small.end("op")
    ended(small, "next", "p", b"y")
    assert text(small, "next") == (0, b"y")


def test_many_empty_logs_cost_bounded_memory(monkeypatch):
    monkeypatch.setattr(output_logs, "PROCESS_LIMIT", 10 * LOG_COST)
    kept = Logs()
    for number in range(100):
        ended(kept, f"e{number}", "p", b"")
    assert len(kept.by_operation) == 10
    assert kept.bytes == 10 * LOG_COST
    ended(kept, "last", "p", b"x" * 3 * LOG_COST)
    assert bytes(kept.by_operation["last"].data) == b"x" * 3 * LOG_COST
    assert kept.bytes <= 10 * LOG_COST
