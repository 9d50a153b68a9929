"""Log records as lines of an operation."""

import logging

import pytest

import headway
from headway.adapters.logging import OperationHandler


@pytest.fixture
def log():
    log = logging.getLogger("test of lines")
    log.setLevel(logging.INFO)
    handler = OperationHandler()
    log.addHandler(handler)
    yield log
    log.removeHandler(handler)


def test_records_are_lines_of_what_is_around_them(log, lines):
    with headway.operation("Work") as op:
        log.warning("one %d", 1)
        with op.stage("Step") as stage:
            log.info("two")
    assert lines() == [(op.id, None, ["one 1"]), (op.id, stage.id, ["two"])]


def test_outside_of_any_operation_nothing_is_kept(log, lines):
    log.warning("one")
    assert lines() == []
