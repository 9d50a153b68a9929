"""What is optional is looked up when it is used."""

import progress_tracker
from progress_tracker.optional import present


def test_what_was_put_there_last_is_present(monkeypatch):
    assert present("RICH_AVAILABLE") is True
    monkeypatch.setattr(progress_tracker, "RICH_AVAILABLE", False)
    assert present("RICH_AVAILABLE") is False


def test_what_nobody_put_there_is_imported_then(monkeypatch):
    monkeypatch.delitem(vars(progress_tracker), "Console", raising=False)
    from rich.console import Console

    assert present("Console") is Console
