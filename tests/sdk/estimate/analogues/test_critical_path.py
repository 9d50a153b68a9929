from __future__ import annotations

from headway.estimate.analogues.critical_path import CriticalPath
from headway.estimate.history.order import Orders
from headway.estimate.history.span import Span
from headway.estimate.stage import Stage


def begun(key, at, ended=None):
    stage = Stage(key, None)
    stage.move("running", 1, 0, at)
    if ended is not None:
        stage.move("completed", 1, 0, ended)
    return stage


def test_the_way_ahead_is_the_longest_and_not_the_sum():
    spans = [
        Span("fetch a", 0, 10, 10),
        Span("fetch b", 0, 4, 4),
        Span("unpack", 10, 15, 5),
        Span("check b", 4, 5, 1),
    ]
    path = CriticalPath(spans, 16.0)
    stages = {"fetch a": begun("fetch a", 0), "fetch b": begun("fetch b", 0)}
    path.update(stages, 0.0, ["fetch a", "fetch b"], Orders(()))
    assert path.behind("fetch a") == 6.0
    assert path.behind("fetch b") == 2.0
    assert path.entries == []


def test_what_an_end_has_let_in_is_expected_a_moment_after_it():
    spans = [Span("a", 0, 10, 10), Span("b", 12, 15, 3)]
    path = CriticalPath(spans, 15.0)
    path.update({"a": begun("a", 0, ended=20.0)}, 0.0, [], Orders(()))
    assert path.entries == [(22.0, 3)]


def test_a_group_is_left_to_the_stages_inside_unless_it_stands_for_them():
    spans = [
        Span("build", 0, 10, 10, group=True),
        Span("build\x1fone", 0, 6, 6),
        Span("build\x1ftwo", 6, 10, 4),
        Span("test", 10, 20, 10),
    ]

    def keys(*merged):
        return [span.key for span in CriticalPath(spans, 20.0, merged).order]

    assert keys() == [
        "build\x1fone",
        "build\x1ftwo",
        "test",
    ]
    assert keys("build") == ["build", "test"]
