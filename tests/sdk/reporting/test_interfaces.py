"""What modules know each other by is what they are."""

import pytest
from protocols import members

import headway
from headway.reporting.interfaces import Handle, Reporting, Thread
from headway.reporting.thread import ReportingThread
from headway.testing import reporting


@pytest.fixture
def reporter():
    with reporting() as reporter:
        yield reporter


def test_the_reporter_has_all_that_its_thread_needs(reporter):
    assert {name for name in members(Reporting) if not hasattr(reporter, name)} == set()


def test_an_operation_has_all_that_its_reporter_needs(reporter):
    operation = headway.operation("Work")
    assert {name for name in members(Handle) if not hasattr(operation, name)} == set()


def test_the_thread_has_all_that_its_connection_needs(reporter):
    thread = ReportingThread(reporter)
    assert {name for name in members(Thread) if not hasattr(thread, name)} == set()
    thread.close_pipe()
