"""`headway over-ssh`: what is for ssh, what for the other machine, and what its shell is told."""

import os
import stat
import subprocess

import pytest

from headway.commands import over_ssh

CONNECTED = """\
#!/bin/sh
# An ssh that is connected to this machine.
for word; do line=$word; done
case "$*" in
    *"-O check"*) exit $CHECK ;;
    *"-O"*) exit 0 ;;
esac
exec sh -c "$line"
"""


def test_what_stands_before_the_dashes_is_for_ssh():
    given = ["-p", "22", "me@host", "--", "make", "--", "all"]
    assert over_ssh.split(given) == (["-p", "22", "me@host"], ["make", "--", "all"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["host", "make"], "`--` belongs between"),
        (["--", "make"], "no host was given"),
        (["host", "--"], "no command was given"),
        (["-v", "--", "make"], "no host was given"),
    ],
)
def test_what_is_missing_is_said(capsys, given, said):
    assert over_ssh.main(given) == 2
    assert said in capsys.readouterr().err


def shell(line):
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


def test_the_command_gets_its_arguments_word_for_word_and_its_status_is_kept(tmp_path):
    sockets = tmp_path / "far"
    sockets.mkdir()
    (sockets / "report.sock").touch()
    script = 'printf "%s|" "$@" "$HEADWAY_ENDPOINT" "$HEADWAY_PARENT"; exit 3'
    command = ["sh", "-c", script, "x", "a b", "$HOME", "it's"]
    done = shell(over_ssh.far_command(str(sockets), "op/1", command))
    assert done.stdout == f"a b|$HOME|it's|{sockets}/report.sock|op/1|"
    assert done.returncode == 3
    assert not sockets.exists()


def test_a_command_that_ctrl_c_ends_leaves_no_directory(tmp_path):
    sockets = tmp_path / "far"
    sockets.mkdir()
    line = over_ssh.far_command(str(sockets), "", ["sh", "-c", "kill -INT $PPID $$"])
    assert shell(line).returncode == 130
    assert not sockets.exists()


def test_a_path_with_a_colon_is_forwarded():
    words = over_ssh.forwarded("/tmp/d", "/run/a:b/report.sock")
    assert words == [
        "-R",
        "/tmp/d/report.sock:/run/a\\:b/report.sock",
        "-R",
        "/tmp/d/follow.sock:/run/a\\:b/follow.sock",
    ]


@pytest.mark.parametrize(("check", "lost"), [("0", False), ("1", True)])
def test_a_lost_connection_is_told_from_a_command_that_ends_so(
    tmp_path, monkeypatch, capfd, check, lost
):
    ssh = tmp_path / "ssh"
    ssh.write_text(CONNECTED)
    ssh.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://host:1")  # no broker of this machine
    monkeypatch.setenv("CHECK", check)
    assert over_ssh.main(["host", "--", "sh", "-c", "exit 255"]) == 255
    said = capfd.readouterr().err
    assert "the command is not seen here: HEADWAY_ENDPOINT is" in said
    assert ("the connection to host was lost" in said) == lost


def test_where_ssh_cannot_connect_it_says_so(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://host:1")
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nexit 255\n")
    ssh.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert over_ssh.main(["host", "--", "make"]) == 255
    assert "could not connect to host: the command has not run" in capfd.readouterr().err
