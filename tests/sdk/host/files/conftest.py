from __future__ import annotations

import os

import pytest


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """The descriptor of a terminal, and a runtime directory."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)
