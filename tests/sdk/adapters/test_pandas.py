"""pandas' methods, counted."""

import pandas as pd
import pytest

import headway
from headway.adapters.pandas import KINDS, METHODS
from headway.adapters.tqdm import tqdm


@pytest.fixture
def op(reporter):
    with headway.operation("Work") as op:
        yield op


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    tqdm.pandas(desc="Rows", unit="rows")
    yield
    for kind in KINDS:
        for method in METHODS:
            if f"progress_{method}" in vars(kind):
                delattr(kind, f"progress_{method}")


FRAME = pd.DataFrame({"a": [1, 2, 3, 4], "b": [5, 6, 7, 8]})


def one_more(value):
    return value + 1


def figures(op):
    (stage,) = op.stages
    return stage.name, stage.state, stage.done, stage.total


def test_a_series_counts_its_values(op):
    assert list(FRAME["a"].progress_apply(one_more)) == [2, 3, 4, 5]
    assert figures(op) == ("Rows", "completed", 4, 4)
    assert op.stages[0].model.unit == "rows"


def test_a_map_counts_its_values(op):
    assert list(FRAME["a"].progress_map(one_more)) == [2, 3, 4, 5]
    assert figures(op) == ("Rows", "completed", 4, 4)


@pytest.mark.parametrize("axis", [1, "columns"])
def test_a_frame_counts_its_rows(op, axis):
    assert list(FRAME.progress_apply(sum, axis=axis)) == [6, 8, 10, 12]
    assert figures(op) == ("Rows", "completed", 4, 4)


def test_a_frame_counts_its_columns(op):
    assert list(FRAME.progress_apply(max)) == [4, 8]
    assert figures(op) == ("Rows", "completed", 2, 2)


def test_groups_are_counted(op):
    groups = FRAME.groupby(FRAME["a"] % 2)["b"]
    assert list(groups.progress_apply(len)) == [2, 2]
    assert figures(op) == ("Rows", "completed", 2, 2)


def test_a_function_that_is_named_is_pandas_own_and_counts_nothing(op):
    assert FRAME["a"].progress_agg("sum") == 10
    assert op.stages == []


def test_a_function_that_raises_fails_where_it_was(op):
    def break_at_three(value):
        if value == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        FRAME["a"].progress_apply(break_at_three)
    assert figures(op) == ("Rows", "failed", 2, 4)


@pytest.mark.parametrize("kind", [str, list])
def test_a_class_may_be_the_function(op, kind):
    frame = FRAME.astype(str)
    assert list(frame["a"].progress_apply(kind)) == [kind(text) for text in "1234"]


def test_what_pandas_calls_as_often_as_it_likes_has_no_total_before_it_is_done(op):
    assert list(FRAME["a"].rolling(2).progress_apply(sum))[1:] == [3, 5, 7]
    assert FRAME.groupby(FRAME["a"] % 2).progress_agg(max).shape == (2, 2)
    assert {stage.state for stage in op.stages} == {"completed"}


def test_a_total_may_be_given(op):
    tqdm.pandas(desc="Rows", total=7)
    FRAME["a"].progress_apply(one_more)
    assert op.stages[0].total == 7
