"""Which ends a program owes the log of a CI job, until the viewer of that has told them."""

import sys

import pytest

import headway
from headway.reporting import receipts
from headway.reporting.receipts import LEAST_SECONDS


@pytest.fixture
def in_log(monkeypatch):
    monkeypatch.setenv("CI", "true")


@pytest.mark.usefixtures("in_log")
def test_a_log_is_owed_what_took_long_or_failed_until_its_viewer_answers(reporter, end):
    long, failed = end("Long"), end("Failed", LEAST_SECONDS / 2, "failed")
    end("Short", LEAST_SECONDS / 2)
    end("Quiet", display="quiet")
    plain = end("Plain", display="plain")
    assert [one.id for one in reporter.receipts.untold()] == [long.id, failed.id, plain.id]
    reporter.receipts.answered([failed.id])
    assert [one.id for one in reporter.receipts.untold()] == [long.id, plain.id]
    for number in range(receipts.UNTOLD_LIMIT):
        end(f"job {number}")
    assert len(reporter.receipts.untold()) == receipts.UNTOLD_LIMIT
    assert long.id not in {one.id for one in reporter.receipts.untold()}


def test_elsewhere_no_log_is_owed_anything(reporter, end, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    end("Long")
    assert reporter.receipts.untold() == []


def test_an_end_whose_words_cannot_be_imported_any_more_ends_in_order(reporter, monkeypatch):
    monkeypatch.setitem(sys.modules, "headway.formatting.picture_support", None)  # ImportError
    operation = headway.operation("Build").start()
    operation.complete()
    assert operation.state == "completed"
    assert reporter.receipts.untold() == []
