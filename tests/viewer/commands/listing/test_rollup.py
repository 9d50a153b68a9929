"""A fleet of thousands: a line for each host."""

from showcase import NOW, board_of, operation

from headway.formatting import theme
from headway_viewer.commands.listing import rollup as rules
from headway_viewer.commands.listing.rollup import Rollup

PLAIN = theme.for_encoding("utf-8", coloured=False)


def fleet(hosts, each, **states):
    made = []
    for host in range(hosts):
        for number in range(each):
            state = states.get(f"host{host}", "running")
            one = operation(
                f"{host}-{number}", "x", state, ended=None if state == "running" else -1.0
            )
            one.host, one.labels = f"host{host}", {"run": str(number)}
            made.append(one)
    return board_of(*made)


def told(board, key=None, lines=23, now=NOW):
    picture = Rollup(board, PLAIN, key).lines(60, lines, now)
    return None if picture is None else [PLAIN.paint(line) for line in picture]


def test_few_have_their_rows_unless_groups_are_asked_for():
    board = fleet(2, 3)
    assert told(board) is None
    assert told(board, "host") == ["host0  3 running", "host1  3 running"]
    assert told(board, "run")[0] == "0  2 running"


def test_thousands_are_counted_by_host_and_the_rest_of_the_hosts_in_the_last_line(monkeypatch):
    monkeypatch.setattr(rules, "ROWS_LEAST", 100)
    lines = told(fleet(20, 5), lines=4)
    assert lines == [
        "host0   5 running",
        "host1   5 running",
        "host10  5 running",
        "… 17 more hosts with 85 operations",
    ]


def test_what_went_wrong_or_is_out_of_contact_stands_first():
    board = fleet(4, 2, host2="failed")
    board.replica.set_contact(["3-0"], NOW - 60.0, None)
    board.absorb(board.replica.take(), NOW)
    assert [line[:5] for line in told(board, "host")] == ["host2", "host3", "host0", "host1"]


def test_they_are_counted_anew_only_so_often(monkeypatch):
    monkeypatch.setattr(rules, "COUNTED_RATE", 1)  # operations a second: of two, every two seconds
    board = fleet(1, 2)
    rollup = Rollup(board, PLAIN, "host")

    def first(now):
        return PLAIN.paint(rollup.lines(60, 9, now)[0])

    assert first(NOW) == "host0  2 running"
    board.replica.operations["0-0"].move("failed", NOW)
    assert first(NOW + 1.9) == "host0  2 running"
    assert first(NOW + 2.0) == "host0  1 running, 1 failed"
