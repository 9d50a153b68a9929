"""Headway's own words beside a command."""

import sys

from headway.run.stderr import print_error


def test_a_complaint_names_who_complains(capsys):
    print_error("it is full")
    print_error("line 3: what?", "pipe")
    assert capsys.readouterr().err == "headway run: it is full\nheadway pipe: line 3: what?\n"


def test_a_complaint_names_the_verb_that_was_typed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["headway", "patch", "train.py"])
    print_error("it is full")
    assert capsys.readouterr().err == "headway patch: it is full\n"


class Full:
    tried = ""

    def write(self, text):
        self.tried += text
        raise OSError(28, "No space left on device")


def test_a_standard_error_that_takes_nothing_is_let_be(monkeypatch):
    full = Full()
    monkeypatch.setattr(sys, "stderr", full)
    print_error("it is full")
    assert full.tried.startswith("headway run: it is full")


def test_without_a_standard_error_nobody_is_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    print_error("it is full")
    assert capsys.readouterr() == ("", "")
