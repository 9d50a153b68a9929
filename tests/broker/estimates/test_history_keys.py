"""Under which key an operation is learned."""

import pytest
from wired import Wired

from headway_broker.estimates.history_keys import keys_of


@pytest.fixture
def wired():
    return Wired()


def key(wired, operation):
    return keys_of(wired.core.ledger.entries[operation], wired.core.ledger).key


def test_the_key_is_the_name_without_versions_or_what_the_operation_says(wired):
    worker = wired.worker()
    worker.start("a", name="apt install nginx=1.22")
    assert key(wired, "a") == "apt install nginx"
    worker.operations["a"].key = "mine"
    worker.announce("a")
    assert key(wired, "a") == "mine"


def test_the_key_of_a_child_has_its_parents_before_it(wired):
    worker = wired.worker()
    worker.start("a", name="Build")
    worker.start("b", name="Compile")
    worker.operations["b"].parent = "a/1"
    worker.announce("b")
    assert key(wired, "b") == "Build / Compile"
    worker.operations["a"].parent = "b"
    worker.announce("a")
    assert len(key(wired, "a")) < 200


def test_below_a_command_the_key_has_the_command_s_keys(wired):
    worker = wired.worker()
    worker.start("a", name="make")
    made = worker.operations["a"]
    made.key, made.coarser = "k1", ("k2",)
    worker.announce("a")
    worker.start("b", name="Compile")
    worker.operations["b"].parent = "a/1"
    worker.announce("b")
    keys = keys_of(wired.core.ledger.entries["b"], wired.core.ledger)
    assert keys[:4] == ("k1 / Compile", ("k2 / Compile",), None, "make / Compile")


def test_who_is_above_it_and_unknown_is_missing(wired):
    worker = wired.worker()
    worker.start("b", name="Compile")
    worker.operations["b"].parent = "a/1"
    worker.announce("b")
    entry = wired.core.ledger.entries["b"]
    assert keys_of(entry, wired.core.ledger)[0::4] == ("Compile", "a")
    worker.start("a", name="Build")
    assert keys_of(entry, wired.core.ledger)[0::4] == ("Build / Compile", None)
