"""`scripts/demo`, without what takes it a minute."""

import importlib.machinery
import importlib.util
import os
import pathlib
import socket

import pytest

from headway.run.reading.events import StageMoved, StageStarted

DEMO = pathlib.Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture
def demo(tmp_path, monkeypatch):
    loader = importlib.machinery.SourceFileLoader("demo", str(DEMO))
    spec = importlib.util.spec_from_loader("demo", loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "places", lambda: {"HEADWAY_RUNTIME_DIR": str(tmp_path)})
    monkeypatch.setattr(module, "HEADWAY", str(tmp_path / "headway"))
    return module


def broker(tmp_path, text):
    path = tmp_path / "headway"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_broker_that_does_not_start_is_told_and_is_a_failure(demo, tmp_path, capsys, monkeypatch):
    broker(tmp_path, "echo ImportError: no such name >&2; exit 1")
    monkeypatch.setattr(demo, "is_prepared", lambda: True)
    assert demo.main() == 1
    said = capsys.readouterr().err
    assert "broker does not start" in said
    assert "ImportError: no such name" in said


def test_one_that_never_listens_is_given_up(demo, tmp_path, monkeypatch):
    broker(tmp_path, "exec sleep 60")
    monkeypatch.setattr(demo, "BROKER_WAIT", 0.2)
    assert "does not listen" in demo.start_broker()


def test_one_that_listens_is_taken(demo, tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.join(tmp_path, "report.sock"))
        listening.listen()
        assert demo.start_broker() is None


@pytest.mark.parametrize("columns", [24, 40, 120])
def test_its_first_words_are_folded_between_words(demo, columns, capsys, monkeypatch):
    monkeypatch.setattr(demo, "HEADWAY", "headway")
    monkeypatch.setattr(demo.os.path, "relpath", lambda path: path)
    monkeypatch.setattr(demo.shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))
    monkeypatch.setattr(demo.subprocess, "call", lambda *_, **__: 0)
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)
    assert demo.run([["pip", "install"]] * 4) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert "installers at once; from another terminal:" in " ".join(lines)


def test_what_it_does_never_goes_back_to_an_earlier_step(demo):
    order, step, shown = ["Resolve"], demo.Step("Resolve"), []
    for name, count in [("Resolve", "1"), ("Download", "1"), ("Resolve", "2"), ("Download", "2")]:
        step = demo.later(step, demo.Step(name, count), order)
        shown.append(f"{step.name} {step.count}")
    assert shown == ["Resolve 1", "Download 1", "Download 1", "Download 2"]
    assert demo.later(step, None, order) is step


def test_the_bytes_of_one_file_are_no_step(demo):
    events = [
        StageStarted("Download", None, "files"),
        StageStarted("numpy 2.4.6", 100, "B", "Download"),
        StageMoved("numpy 2.4.6", 100, 100),
        StageMoved("Download", 1),
    ]
    units = {}
    told = [demo.step_of(event, units) for event in events]
    assert [step and f"{step.name} {step.count}" for step in told] == [
        "Download ", None, None, "Download 1 file",
    ]  # fmt: skip
