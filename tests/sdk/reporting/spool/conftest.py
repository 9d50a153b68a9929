"""A runtime directory of the test's own."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path / "run" / "unsent"
