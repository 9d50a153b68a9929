"""Which operations are chosen by labels, in whatever order they and their labels come."""

from showcase import operation

from headway_viewer.replica.labelled import Labelled
from headway_viewer.replica.replica import Changes


def changes(*names, removed=(), fresh=False):
    return Changes(list(names), list(removed), fresh, None)


def test_without_labels_all_are_chosen():
    labelled = Labelled(())
    assert labelled.absorb(changes("a"), {"a": operation("a", "a")}) == ["a"]
    assert labelled.names is None


def test_a_part_is_chosen_with_its_whole_whichever_is_known_first():
    labelled = Labelled([("run", "42")])
    known = {
        "low": operation("low", "low", parent="part/1"),
        "part": operation("part", "part", parent="whole/1"),
        "other": operation("other", "other"),
    }
    assert labelled.absorb(changes(*known), known) == []
    known["whole"] = operation("whole", "whole", labels={"run": "42"})
    assert labelled.absorb(changes("whole"), known) == ["whole", "low", "part"]
    known["late"] = operation("late", "late", parent="part/2")
    assert labelled.absorb(changes("late", "other"), known) == ["late"]
    assert labelled.names == {"whole", "low", "part", "late"}


def test_labels_that_come_later_choose_what_is_inside_too():
    labelled = Labelled([("run", "42")])
    whole, part = operation("whole", "whole"), operation("part", "part", parent="whole/1")
    known = {"whole": whole, "part": part}
    assert labelled.absorb(changes(*known, fresh=True), known) == []
    whole.labels = {"run": "42"}
    assert labelled.absorb(changes("whole"), known) == ["whole", "part"]


def test_what_is_gone_is_forgotten_and_a_snapshot_chooses_anew():
    labelled = Labelled([("run", "42")])
    known = {name: operation(name, name, labels={"run": "42"}) for name in "ab"}
    labelled.absorb(changes(*known), known)
    labelled.forget(["a"])
    assert labelled.names == {"b"}
    assert labelled.absorb(changes("a", fresh=True), {"a": known["a"]}) == ["a"]
    assert labelled.names == {"a"}
