"""How far a loop over a bar is, as another thread sees it."""

import gc
import os
import threading
import weakref

import pytest

from headway_patch import counting
from headway_patch.counting import Feed

ITEMS = [[3, 1, 2], (3, 1, 2), range(3), "abc", b"abc", {3: 1, 1: 2, 2: 3}, {1, 2, 3}]


@pytest.mark.parametrize("items", [*ITEMS, "generator"], ids=repr)
def test_the_items_come_as_they_are_and_their_number_less_the_one_in_work_is_told(items):
    given = (item for item in "abc") if items == "generator" else items
    told = []
    loop = iter(Feed(given, told.append))
    (position,) = told
    seen = [(position(), item, position()) for item in loop]
    wanted = "abc" if items == "generator" else items
    assert [item for _, item, _ in seen] == list(wanted)
    assert [before for before, _, _ in seen] == [0, 1, 2]


def test_a_list_that_grows_amid_its_loop():
    items, told = [1], []
    for item in Feed(items, told.append):
        items.extend([2, 3][: 3 - len(items)])
        assert told[0]() == item - 1


@pytest.mark.parametrize("items", [None, 3])
def test_what_is_no_iterable_raises_in_the_words_of_python(items):
    with pytest.raises(TypeError) as wanted:
        iter(items)
    with pytest.raises(TypeError) as raised:
        iter(Feed(items, lambda _: None))
    assert str(raised.value) == str(wanted.value)


def test_what_its_source_raises_comes_through_and_the_count_is_that_of_the_items():
    def source():
        yield 1
        yield 2
        raise ValueError("no row")

    told = []
    with pytest.raises(ValueError, match="no row"):
        list(Feed(source(), told.append))
    assert told[0]() == 1


def test_an_item_is_not_kept():
    class Item:
        pass

    told, kept = [], []
    for item in Feed((Item() for _ in range(3)), told.append):
        gone = [one() is None for one in kept]
        kept.append(weakref.ref(item))
        del item
        gc.collect()
        assert all(gone)


class Connection:
    """One whose bars are open for so many looks."""

    alive, watched, pid = True, False, os.getpid()

    def __init__(self, looks):
        self.looks = looks
        self.open = {}
        self.over = threading.Event()

    def look(self):
        self.looks -= 1
        if self.looks <= 0:
            self.over.set()
        return self.looks > 0

    def lagging(self):
        return []


def test_open_bars_are_looked_at_until_there_are_none_by_a_thread_that_nobody_sees(monkeypatch):
    monkeypatch.setattr(counting, "INTERVAL", 0.001)
    threads = threading.enumerate()
    for looks in (3, 1):
        connection = Connection(looks)
        counting.watch(connection)
        assert threading.enumerate() == threads
        assert connection.over.wait(20)
        assert connection.looks <= 0


def test_there_is_one_thread_and_where_none_can_be_started_nobody_looks(monkeypatch):
    started = []
    connection = Connection(1)

    def refuse(*_):
        started.append(1)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(counting, "start_new_thread", refuse)
    counting.watch(connection)
    assert (started, connection.watched) == ([], False)  # one of Python's own: not gevent's
    connection.watched = True
    monkeypatch.undo()
    counting.watch(connection)
    assert not connection.over.is_set()
