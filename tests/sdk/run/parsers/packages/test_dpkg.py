from __future__ import annotations

from transcripts import play

from headway.run.parsers.packages import dpkg
from headway.run.reading.command_line import FormContext, parse_command_line


def parser(line="dpkg -i aa_1.deb"):
    return dpkg.Parser(parse_command_line(line.split()))


def test_status_lines_count_packages_once_though_told_twice():
    played = play(parser(), "dpkg-status.out", "dpkg-status.status")
    assert played.counts() == {"Unpack": (1, 1, "completed"), "Configure": (1, 1, "completed")}


def test_text_alone_tells_the_same():
    played = play(parser(), "dpkg-status.out")
    assert played.counts() == {"Unpack": (1, 1, "completed"), "Configure": (1, 1, "completed")}


def test_a_failing_script_is_named():
    for names in (("dpkg-fail.status",), ("dpkg-fail.out", "dpkg-fail.err")):
        played = play(parser(), *names, exit_status=1)
        assert played.failed[-1].startswith("bb: installed bb package post-installation")
        assert played.counts()["Configure"] == (0, 1, "running")


def test_a_configuration_file_needs_a_person():
    played = play(parser(), "dpkg-conffile.status", exit_status=1)
    assert played.asked == ["configuration file /etc/aa.conf"]


def test_a_removal_from_text():
    played = play(parser("dpkg -r hello"), "dpkg-remove.pty")
    assert played.counts() == {"Remove": (1, None, "completed")}


def test_the_machine_form_is_only_for_work_on_packages():
    form = dpkg.machine_form(parse_command_line(["dpkg", "-i", "x.deb"]), FormContext(5))
    assert form is not None
    assert form.argv == ["dpkg", "--status-fd", "5", "-i", "x.deb"]
    assert dpkg.machine_form(parse_command_line(["dpkg", "-l"]), FormContext(5)) is None
