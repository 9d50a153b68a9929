"""Which Python can run the broker and a terminal's viewer, if any."""

import os
import sys

import pytest

from headway.host.launch import interpreter
from headway.host.launch.interpreter import Interpreter, find, leave_bundle

VERSION = "python{}.{}".format(*sys.version_info[:2]) + getattr(sys, "abiflags", "")
SCRIPT = "#!{}\nimport sys\nfrom headway_command import program\nsys.exit(program())\n"


def program(path, text="#!/bin/sh\nexit 1\n"):
    """Lay out an executable file; its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def prefix(monkeypatch, tmp_path):
    """The prefix of the running interpreter, with nothing in it."""
    for name in ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, name, str(tmp_path))
    return tmp_path


@pytest.fixture
def frozen(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_an_interpreter_runs_its_own_helpers():
    assert find({}) == Interpreter(sys.executable, foreign=False)


@pytest.mark.parametrize("name", ["python", "python3", "Python", "python3-dbg", "python3-intel64"])
def test_it_may_have_any_name_of_an_interpreter(monkeypatch, prefix, name):
    monkeypatch.setattr(sys, "executable", program(prefix / "bin" / name))
    assert find({}) == Interpreter(sys.executable, foreign=False)


def test_it_may_be_one_of_its_prefix_by_another_name(monkeypatch, prefix, tmp_path):
    (tmp_path / "elsewhere").symlink_to(program(prefix / "bin" / "python3"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere"))
    assert find({}) == Interpreter(sys.executable, foreign=False)


@pytest.mark.skipif(not os.path.exists("/proc/self/exe"), reason="needs Linux")
def test_it_may_stand_anywhere_if_this_process_runs_it(monkeypatch, prefix):
    monkeypatch.setattr(sys, "executable", os.path.realpath("/proc/self/exe"))
    assert find({}) == Interpreter(sys.executable, foreign=False)


@pytest.mark.parametrize(
    "executable",
    ["bin/uwsgi", "bin/pythonic", "bin/python2.7", "bin/gone/python3", "app/python3", "app/app"],
)
def test_what_is_not_the_interpreter_of_its_prefix_is_not_started(monkeypatch, prefix, executable):
    path = prefix / executable
    if "gone" not in executable:
        program(path)
    monkeypatch.setattr(sys, "executable", str(path))
    assert find({}) is None


@pytest.mark.parametrize("executable", ["", None, b"python3", "python3", "bin/python3"])
def test_what_is_no_absolute_path_is_not_started(monkeypatch, prefix, executable):
    program(prefix / "bin" / "python3")
    monkeypatch.chdir(prefix)
    monkeypatch.setattr(sys, "executable", executable)
    assert find({}) is None


def test_a_program_that_embeds_python_has_its_helpers_run_by_the_prefixs(monkeypatch, prefix):
    monkeypatch.setattr(sys, "executable", program(prefix / "bin" / "uwsgi"))
    program(prefix / "bin" / "python3")  # of a version that cannot be known
    assert find({}) is None
    found = program(prefix / "bin" / VERSION)
    assert find({}) == Interpreter(found, foreign=False)


def test_a_link_in_the_prefix_is_of_the_version_that_it_leads_to(monkeypatch, prefix, tmp_path):
    monkeypatch.setattr(sys, "executable", "")
    (prefix / "bin").mkdir()
    link = prefix / "bin" / "python3"
    link.symlink_to(program(tmp_path / "other" / "python2.7"))
    assert find({}) is None
    link.unlink()
    link.symlink_to(program(tmp_path / "base" / VERSION))
    assert find({}) == Interpreter(str(link), foreign=False)


def test_a_compiled_program_has_them_run_by_the_prefixs(monkeypatch, prefix):
    python = program(prefix / "bin" / "python")
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr(sys.modules["__main__"], "__compiled__", (), raising=False)
    assert find({}) is None
    found = program(prefix / "bin" / VERSION)
    assert find({}) == Interpreter(found, foreign=False)
    monkeypatch.setattr(interpreter, "__file__", str(prefix / "not" / "a" / "file.py"))
    assert find({}) is None  # our modules were compiled into it


def test_a_frozen_program_has_them_run_by_the_python_of_the_headway_command(
    monkeypatch, frozen, tmp_path
):
    assert find({"PATH": str(tmp_path)}) is None
    python = program(tmp_path / "venv" / "bin" / "python")
    program(tmp_path / "bin" / "headway", SCRIPT.format(python + " -sE"))
    path = os.pathsep.join(["/nowhere", str(tmp_path / "bin")])
    assert find({"PATH": path}) == Interpreter(python, foreign=True)


def test_the_headway_command_that_was_installed_here_is_known(frozen):
    here = os.path.dirname(sys.executable)
    found = find({"PATH": here})
    assert found is not None
    assert found.foreign
    assert os.path.realpath(found.path) == os.path.realpath(sys.executable)


def test_a_python_whose_path_is_too_long_for_a_script_stands_beside_it(frozen, tmp_path):
    text = SCRIPT.format(f"/bin/sh\n'''exec' \"{tmp_path}/py\" \"$0\" \"$@\"\n' '''")
    program(tmp_path / "venv" / "bin" / "headway", text)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "headway").symlink_to(tmp_path / "venv" / "bin" / "headway")
    assert find({"PATH": str(tmp_path / "bin")}) is None
    python = program(tmp_path / "venv" / "bin" / "python3")
    assert find({"PATH": str(tmp_path / "bin")}) == Interpreter(python, foreign=True)


@pytest.mark.parametrize(
    "text",
    [
        "\x7fELF from headway.",
        "#!{}\nprint('another headway')\n",
        "#!\nfrom headway.commands.table import program\n",
        "#!/bin/cat\nfrom headway.commands.table import program\n",
        "#!/nowhere/python\nfrom headway.commands.table import program\n",
        "#!python3\nfrom headway.commands.table import program\n",
        "#!/bin/sh\nexec pyenv exec headway\n",
    ],
)
def test_a_command_of_that_name_that_is_no_script_of_ours_is_passed_over(frozen, tmp_path, text):
    python = program(tmp_path / "bin" / "python")
    program(tmp_path / "first" / "headway", text.format(python))
    assert find({"PATH": str(tmp_path / "first")}) is None
    program(tmp_path / "bin" / "headway", SCRIPT.format(python))
    path = os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "bin")])
    assert find({"PATH": path}) == Interpreter(python, foreign=True)


def test_what_the_working_directory_holds_is_no_command(monkeypatch, frozen, tmp_path):
    program(tmp_path / "headway", SCRIPT.format(program(tmp_path / "python")))
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", ":/nowhere:"):
        assert find({"PATH": path}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
@pytest.mark.parametrize("name", ["headway", "python"])
def test_root_runs_no_python_that_somebody_else_has_laid_out(frozen, tmp_path, name):
    program(tmp_path / "headway", SCRIPT.format(program(tmp_path / "python")))
    assert find({"PATH": str(tmp_path)}) is not None
    os.chown(str(tmp_path / name), 4242, -1)
    assert find({"PATH": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("searched", "left"),
    [
        ("{}", None),
        ("{}:/opt/lib:", "/opt/lib:"),
        ("{}/lib:{}x", "{}x"),
        ("/opt/lib", "/opt/lib"),
        (None, None),
    ],
)
def test_the_libraries_of_a_bundle_are_not_for_what_it_starts(
    monkeypatch, tmp_path, searched, left
):
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    environ = {"A": "b"}
    if searched is not None:
        environ["LD_LIBRARY_PATH"] = searched.replace("{}", str(tmp_path))
    leave_bundle(environ)
    expected = None if left is None else left.replace("{}", str(tmp_path))
    assert environ.pop("LD_LIBRARY_PATH", None) == expected
    assert environ == {"A": "b"}


def test_without_a_bundle_nothing_is_taken_away():
    environ = {"LD_LIBRARY_PATH": "/opt/lib"}
    leave_bundle(environ)
    assert environ == {"LD_LIBRARY_PATH": "/opt/lib"}
