"""What modules know each other by is what they are."""

import pytest

import headway
from headway.reporting.interfaces import Handle, Reporting, Thread
from headway.reporting.thread import Link
from headway.testing import reporting


def members(protocol):
    made = {"_is_protocol", "_is_runtime_protocol"}
    names = {*protocol.__annotations__, *vars(protocol)} - made
    return {name for name in names if not name.startswith(("__", "_abc_"))}


@pytest.fixture
def home():
    with reporting() as home:
        yield home


def test_the_reporter_has_all_that_its_thread_needs(home):
    assert {name for name in members(Reporting) if not hasattr(home, name)} == set()


def test_an_operation_has_all_that_its_reporter_needs(home):
    operation = headway.operation("Work")
    assert {name for name in members(Handle) if not hasattr(operation, name)} == set()


def test_the_thread_has_all_that_its_connection_needs(home):
    link = Link(home)
    assert {name for name in members(Thread) if not hasattr(link, name)} == set()
    link.close_pipe()
