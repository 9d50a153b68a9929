"""What people are shown; the commands themselves are run in tests/system."""

import pytest

from headway_broker import cli

FACTS = {
    "pid": 7,
    "version": "0.1.0",
    "uptime": 61.5,
    "endpoint": "ipc:///x/report.sock",
    "workers": 2,
    "viewers": 1,
    "operations": 5,
    "open": 3,
    "stages": 40,
    "ingest": {"messages": 10, "updates": 200},
    "dropped": {"hole": 2, "flood": 9},
    "rss": 20_500_000,
}


def test_status_is_a_line_for_each_fact():
    assert cli.describe(FACTS) == [
        "broker      pid 7, version 0.1.0",
        "up          62 s",
        "endpoint    ipc:///x/report.sock",
        "connected   2 workers, 1 viewers",
        "operations  5 (3 open)",
        "stages      40",
        "ingest      10 messages, 200 updates",
        "memory      20.5 MB",
        "dropped     9 flood, 2 hole",
    ]


def test_status_of_a_broker_that_knows_less_is_shown_all_the_same():
    lines = cli.describe({})
    assert lines[-1] == "dropped     nothing"
    assert "memory      unknown" in lines


def test_commands_need_a_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "run|status|stop" in capsys.readouterr().err


def test_an_endpoint_that_was_named_is_used(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_ENDPOINT", f"ipc://{tmp_path}/report.sock")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == "headway broker: no broker is running\n"
