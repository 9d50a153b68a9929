"""Headway's own words beside a command."""

import sys

import pytest

from headway.run.complaint import complain


def test_a_complaint_names_who_complains(capsys):
    complain("it is full")
    complain("line 3: what?", "pipe")
    assert capsys.readouterr().err == "headway run: it is full\nheadway pipe: line 3: what?\n"


class Full:
    def write(self, text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [None, Full()])
def test_a_standard_error_that_takes_nothing_is_let_be(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    complain("it is full")
