from showcase import NOW, operation

from headway.formatting import theme
from headway_viewer.commands.listing.groups import group_by, list_groups

PLAIN = theme.for_encoding("utf-8", coloured=False)


def some():
    made = [
        operation("a", "x"),
        operation("b", "x", "failed", ended=-1.0),
        operation("c", "y"),
        operation("d", "z"),
    ]
    for one, host, run in zip(made, ("db", "db", "web", "\x1b[2J"), ("42", "43", "42", None)):
        one.host = host
        one.labels = None if run is None else {"run": run}
    made[2].unheard_since = NOW - 60.0
    return made


def ids(groups):
    return {name: "".join(one.id for one in members) for name, members in groups.items()}


def test_operations_are_grouped_by_host_or_by_a_label():
    assert ids(group_by(some(), "host")) == {"db": "ab", "web": "c", "\x1b[2J": "d"}
    assert ids(group_by(some(), "run")) == {"42": "ac", "43": "b", "–": "d"}


def test_a_row_counts_the_states_of_a_group_and_says_which_host_is_not_heard():
    lines = [
        "".join(words for _, words in line) for line in list_groups(some(), "host", PLAIN, 80, NOW)
    ]
    assert lines[1] == "db    1 running, 1 failed"
    assert lines[2] == "web   1 running, host not heard for 1 min"
    assert not any("\x1b" in line for line in lines)


def test_no_row_is_wider_than_the_terminal():
    for columns in (21, 30, 40):
        for line in list_groups(some(), "host", PLAIN, columns, NOW):
            assert sum(len(words) for _, words in line) < columns


def test_a_host_that_is_up_without_a_broker_says_so():
    made = some()
    made[0].no_broker_since = NOW - 120.0
    lines = [
        "".join(words for _, words in line) for line in list_groups(made, "host", PLAIN, 80, NOW)
    ]
    assert lines[1] == "db    1 running, 1 failed, host up, no broker for 2 min"
