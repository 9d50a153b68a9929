import json
import time

import pytest

from headway_viewer.notify.channels import command
from headway_viewer.notify.channels.command import CommandChannel
from headway_viewer.notify.notice import Notice

NOTICE = Notice(
    "key", "failed", "npm install failed", "404 Not Found\nin Fetch", "In Fetch",
    operation="abcdefghijkl", name="npm install", took=38.0, exit_status=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("with_output", "body"), [(False, "In Fetch"), (True, "404 Not Found\nin Fetch")]
)
def test_the_command_reads_the_notice_as_json(tmp_path, with_output, body):
    file = tmp_path / "it's here"
    CommandChannel(f'cat > "{file}"', with_output=with_output).deliver(NOTICE)
    assert json.loads(file.read_text()) == {
        "schema": 1,
        "type": "notice",
        "event": "failed",
        "urgency": "normal",
        "title": "npm install failed",
        "body": body,
        "operation": "abcdefghijkl",
        "name": "npm install",
        "exit_status": 1,
        "elapsed": 38.0,
        "progress": None,
        "host": None,
    }


def test_a_command_that_does_not_read_is_none_the_worse():
    notice = NOTICE._replace(title="x" * 1_000_000)
    assert CommandChannel("true", with_output=False).deliver(notice) is None


def test_a_command_that_fails_is_told_of():
    with pytest.raises(OSError, match="the command failed, exit 3"):
        CommandChannel("exit 3", with_output=False).deliver(NOTICE)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("no-such-command --now", "there is no command 'no-such-command'"),
        ("A=1 B= no-such-command", "there is no command 'no-such-command'"),
        ("/no/such | cat", "there is no command '/no/such'"),
        ("echo 'a", "echo 'a"),
        ("if true", "if true"),
    ],
)
def test_what_the_shell_cannot_run_is_refused_at_once(words, why):
    with pytest.raises(ValueError, match=why):
        CommandChannel(words, with_output=False)


@pytest.mark.parametrize(
    "words",
    ["exit 3", "if true; then cat; fi", "A=1 cat", "'my prog' x", "$PAGER x", "(cat)", "~/x",
     "cat > x; no-such-command", ": it\\'s", "cat <<end\nit's\nend", "'cat'"],
)  # fmt: skip
def test_what_only_the_shell_knows_is_left_to_it(words):
    assert CommandChannel(words, with_output=False).kind


def test_a_command_that_hangs_is_ended_with_what_it_started(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "TIMEOUT", 0.2)
    before = time.monotonic()
    with pytest.raises(OSError, match="was ended after"):
        CommandChannel("sleep 300 & sleep 300; true", with_output=False).deliver(NOTICE)
    assert time.monotonic() - before < 100


def test_other_commands_and_other_folders_are_other_kinds(tmp_path, monkeypatch):
    kinds = [CommandChannel(command, with_output=False).kind for command in ("true", "true", "cat")]
    monkeypatch.chdir(tmp_path)
    kinds.append(CommandChannel("true", with_output=False).kind)
    assert kinds[0] == kinds[1]
    assert len(set(kinds)) == 3
