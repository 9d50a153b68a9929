"""What people are shown; the commands themselves are run in tests/system."""

import os
import signal

import pytest

from headway_broker.commands import broker


def test_commands_need_a_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        broker.main([])
    assert ended.value.code == 2
    assert "run|status|stop" in capsys.readouterr().err


def test_an_endpoint_that_was_named_is_used(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_ENDPOINT", f"ipc://{tmp_path}/report.sock")
    assert broker.main(["status"]) == 1
    assert capsys.readouterr().err == "headway broker: no broker is running\n"


def test_an_endpoint_that_is_refused_is_said(monkeypatch, capsys):
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://127.0.0.1:1")
    assert broker.main(["status"]) == 1
    assert "HEADWAY_ENDPOINT is 'tcp://127.0.0.1:1': " in capsys.readouterr().err


def test_a_broker_that_ends_by_a_fault_says_in_its_log_where(monkeypatch, tmp_path):
    def break_down(*_arguments):
        raise RecursionError("what a worker wrote")

    tmp_path.chmod(0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(broker, "Server", break_down)
    monkeypatch.setattr(broker.os, "chdir", lambda _path: None)
    before = os.umask(0o077)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    try:
        with pytest.raises(RecursionError):
            broker.run(detached=True, leave_after=1.0)
    finally:
        os.umask(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    log = (tmp_path / "broker.log").read_text()
    assert "ended by RecursionError at test_broker.py" in log
    assert "in _serve" in log
    assert "what a worker wrote" not in log
