"""Two commands share a rung where one says something of the other, and only there."""

import pytest

from headway.run.parsers.registry import PARSERS
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.rungs import rungs_of


def rungs(line, cwd="/home/me", terminal=False):
    command = parse_command_line(line.split())
    found = rungs_of(command, cwd, terminal=terminal, known=command.program in PARSERS)
    return {tuple(rung) for rung in found}


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("tar -xf a.tar", "tar -xf b.tar"),
        ("tar -czf backup-2024-01-02.tgz /home", "tar -czf backup-2025-11-30.tgz /home"),
        ("apt install nginx=1.22", "apt install nginx=1.24-2"),
        ("ffmpeg -i a.mov -crf 20 b.mp4", "ffmpeg -i c.mov -crf 28 d.mp4"),
        ("python train.py --lr 0.1", "python train.py --fast"),
        ("bash backup.sh", "bash -x ./backup.sh /srv"),
        ("make -j8", "make -j4"),
        ("docker build --tag=x/y:1 .", "docker build --tag=x/z:2 .."),
    ],
)
def test_values_are_dropped_rung_by_rung(line, other):
    assert rungs(line) & rungs(other)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("pip install -t /tmp/demo.k3j_x9ab/a x", "pip install -t /tmp/demo.zz12_lmn/a x"),
        (
            "pip install --target=/tmp/tmp.Xk3jYx9aBc x",
            "pip install --target=/tmp/tmp.aB3dEf6hIj x",
        ),
        ("dd of=/var/tmp/tmpab12cdef/a", "dd of=/var/tmp/tmpxyzuvwab/a"),
        ("bash /tmp/job-Xk3jYx/run.sh", "bash /tmp/job-aB3dEf/run.sh"),
    ],
)
@pytest.mark.parametrize("cwd", ["/home/me", "/tmp/tmp{}12"])
def test_a_name_that_was_made_up_for_a_temporary_file_is_none(line, other, cwd):
    first, second = cwd.format("abc4de"), cwd.format("x9yz_u")
    assert rungs(line, first) == rungs(other, second)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("tar -xf /tmp/backup", "tar -xf /tmp/archive"),
        ("tar -xf /tmp/demo.archive/a", "tar -xf /tmp/demo.download/a"),
        ("tar -xf /srv/demo.k3j_x9ab/a", "tar -xf /srv/demo.zz12_lmn/a"),
        ("cat x/tmp/tmpab12cdef/a", "cat x/tmp/tmpxyzuvwab/a"),
    ],
)
def test_other_names_there_are_told_apart_and_made_up_ones_elsewhere(line, other):
    assert rungs(line) != rungs(other)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("tar -xf a.tar", "tar -cf a.tar"),
        ("tar -x", "tar -c"),
        ("gzip -1 a", "gzip -9 a"),
        ("git clone x", "git fetch x"),
        ("docker build .", "docker pull ."),
        ("sleep 2", "sleep 9"),
        ("cp a/b c/d", "cp e/f g/h"),
        ("python short.py", "python long.py"),
        ("bash -c one", "bash -c two"),
        ("python -m pip install x", "python -m pip download x"),
        ("apt install nginx", "apt install postgresql"),
    ],
)
def test_option_letters_sub_commands_and_scripts_are_not(line, other):
    assert not rungs(line) & rungs(other)


def test_one_program_of_a_shell_says_nothing_of_another():
    def of(program):
        found = rungs_of(
            parse_command_line(["sh", "-c", program]), "/", terminal=False, known=False
        )
        return {tuple(rung) for rung in found}

    assert not of("tar c /a | xz") & of("cp -r /a /b")
    assert not of("sleep 2; cat /a") & of("sleep 9; cat /a")
    assert of("tar c /a | xz") == of("tar c /a | xz")


def test_the_place_and_the_terminal_are_dropped_first():
    assert rungs("tar -xf a.tar", "/a") & rungs("tar -xf a.tar", "/b")
    assert rungs("tar -xf a.tar") != rungs("tar -xf a.tar", terminal=True)
    assert rungs("tar -xf a.tar") & rungs("tar -xf a.tar", terminal=True)


def finest(line, cwd):
    command = parse_command_line(line.split())
    return rungs_of(command, cwd, terminal=False, known=False)[0]


@pytest.mark.parametrize("call", ["python steps.py", "./steps.py"])
def test_a_script_is_one_wherever_it_is_called_from(call):
    script = call.split()[-1]
    by_path = call.replace(script, "/x/w/steps.py")
    assert finest(call, "/x/w") == finest(call.replace(script, "w/steps.py"), "/x")
    assert finest(call, "/x/w") == finest(by_path, "/tmp")
    assert finest(call, "/x/w") != finest(call, "/y/w")
    assert finest(call + " a", "/x/w") != finest(call + " b", "/x/w")


def test_a_script_that_is_an_installed_tool_works_where_it_is_called():
    line = "bash /home/me/bin/backup.sh"
    assert finest(line, "/a") != finest(line, "/b")
    assert rungs(line, "/a") & rungs(line, "/b")


def test_a_build_is_known_by_its_folder_and_a_script_by_its_path():
    assert not rungs("make", "/src/kernel") & rungs("make", "/src/git")
    assert rungs("make", "/tmp/1/kernel") & rungs("make", "/tmp/2/kernel")
    assert not rungs("python train.py", "/a") & rungs("python train.py", "/b")
    assert rungs("python train.py", "/a") & rungs("python /a/train.py", "/b")
