"""What people are shown; the commands themselves are run in tests/system."""

import pytest

from headway_broker import cli


def test_commands_need_a_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "run|status|stop" in capsys.readouterr().err


def test_an_endpoint_that_was_named_is_used(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_ENDPOINT", f"ipc://{tmp_path}/report.sock")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == "headway broker: no broker is running\n"
