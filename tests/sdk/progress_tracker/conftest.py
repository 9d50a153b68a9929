from unittest.mock import Mock

import pytest


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch, tmp_path):
    """Trackers work in the process alone; what they report is tested in test_report.py."""
    import headway

    real = headway.operation
    opened = []

    def operation(*arguments, **named):
        made = real(*arguments, **named)
        opened.append(made)
        return made

    monkeypatch.setenv("HEADWAY_BROKER", "never")
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(headway, "operation", operation)
    yield opened
    for made in opened:
        if made.open:
            made.cancel("the test is over")


@pytest.fixture
def opened(_no_broker):
    """The operations that trackers have opened."""
    return _no_broker


@pytest.fixture(autouse=True)
def bell(monkeypatch):
    """Stands in for plyer: what was notified, as (title, message, timeout)."""
    import progress_tracker

    class Bell(list):
        def notify(self, title, message, app_name, timeout):
            self.append((title, message, timeout))

    bell = Bell()
    monkeypatch.setattr(progress_tracker, "PLYER_AVAILABLE", True)
    monkeypatch.setattr(progress_tracker, "plyer_notification", bell)
    return bell


@pytest.fixture
def tracker():
    from progress_tracker import ProgressTracker

    return ProgressTracker("Test Operation", console=Mock())
