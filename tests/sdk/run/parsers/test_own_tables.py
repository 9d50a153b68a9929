from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.run.parsers.line_table import Parser, Table
from headway.run.parsers.own_tables import BadTable, read_tables
from headway.run.reading.events import OUTPUT, StageMoved

LINE = {"match": r"^copied (?P<done>\d+) of (?P<total>\d+)", "stage": "Copy", "unit": "files"}


def test_a_table_of_the_users_is_read_as_one_of_headways():
    table = read_tables({"frob": {"line": [LINE], "words": ["build"]}})["frob"]
    assert table.words == {"build"}
    assert Parser(table).feed("copied 3 of 9", OUTPUT)[-1] == StageMoved(
        "Copy", 3, 9, None, "files"
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (5, "a table is expected"),
        ({}, "1 to 200 lines are expected"),
        ({"line": []}, "1 to 200 lines are expected"),
        ({"line": [5]}, "line 1: a table is expected"),
        ({"line": [LINE, {"stage": "x"}]}, "line 2: match is missing"),
        ({"line": [{"match": "("}]}, "line 1: match is no regular expression"),
        ({"line": [{"match": "(?P<dine>x)"}]}, "line 1: match has a group 'dine'"),
        ({"line": [{**LINE, "meaning": "x"}]}, "line 1: meaning is one of"),
        ({"line": [{**LINE, "step": 5}]}, "line 1: step is 1000 or 1024"),
        ({"line": [{**LINE, "unit": 5}]}, "line 1: match, stage, unit and meaning are texts"),
        ({"line": [{**LINE, "color": "x"}]}, "line 1: unknown key 'color'"),
        ({"lines": [LINE]}, "unknown key 'lines'"),
        ({"line": [LINE], "words": "x"}, "words is a list of words"),
    ],
)
def test_what_is_wrong_is_named_and_takes_nothing_from_the_others(table, why):
    found = read_tables({"bad": table, "good": {"line": [LINE]}})
    assert isinstance(found["bad"], BadTable)
    assert str(found["bad"]).startswith(why)
    assert isinstance(found["good"], Table)


VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["line", "match", "stage", "step", "x"]), inner),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), VALUES))
def test_any_file_gives_tables_or_reasons(data):
    for table in read_tables(data).values():
        assert isinstance(table, (Table, BadTable))
