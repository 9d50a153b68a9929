"""Detached processes: nobody's children, with our modules and none of the program's."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from machine import until

from headway.host.launch.detached_process import _modules, spawn


@pytest.fixture
def place():
    path = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield path
    shutil.rmtree(path)


def written(path):
    """What a helper has written, once it has."""
    until(lambda: os.path.exists(path), seconds=10)
    with open(path) as file:
        return file.read()


def test_what_is_spawned_is_nobodys_child_and_finds_our_modules(place):
    path = os.path.join(place, "said")
    code = (
        "import headway, os, sys;"
        f"open({path!r} + '.new', 'w').write(f'{{os.getppid()}} {{os.getcwd()}} {{os.getsid(0)}}');"
        f"os.rename({path!r} + '.new', {path!r})"
    )
    spawn([sys.executable, "-c", code], os.environ)
    parent, directory, session = written(path).split()
    assert int(parent) != os.getpid()
    assert directory == "/"
    assert int(session) != os.getsid(0)


def test_a_foreign_python_is_told_of_no_module_and_no_library_of_the_program(place, monkeypatch):
    path = os.path.join(place, "said")
    names = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "KEPT")
    code = (
        "import os;"
        f"open({path!r} + '.new', 'w').write(repr([os.environ.get(n) for n in {names!r}]));"
        f"os.rename({path!r} + '.new', {path!r})"
    )
    monkeypatch.setattr(sys, "_MEIPASS", place, raising=False)
    environ = {**os.environ, "PYTHONPATH": place, "PYTHONHOME": place, "KEPT": "1"}
    environ["LD_LIBRARY_PATH"] = place
    spawn([sys.executable, "-c", code], environ, foreign=True)
    assert ast.literal_eval(written(path)) == [None, None, None, "1"]


# Plays `systemd-run`: notes its arguments, and runs the command with what it was told to set.
MANAGER = """#!/bin/sh
printf '%s\\n' "$@" > {place}/asked.new && mv {place}/asked.new {place}/asked
[ -e {place}/refuses ] && exit 1
while [ "$1" != -- ]; do
    case "$1" in --setenv=*) export "${{1#--setenv=}}";; esac
    shift
done
shift
exec "$@"
"""


def as_unit(place, **environ):
    """Start a helper as a unit: what the manager was asked, and the environment of the helper."""
    tool = os.path.join(place, "it's systemd-run")
    with open(tool, "w") as file:
        file.write(MANAGER.format(place=place))
    os.chmod(tool, 0o755)
    path = os.path.join(place, "said")
    code = (
        f"import os; open({path!r} + '.new', 'w').write(repr(dict(os.environ)));"
        f"os.rename({path!r} + '.new', {path!r})"
    )
    spawn([sys.executable, "-c", code], environ, manager=(tool, "headway-broker-x"))
    found = ast.literal_eval(written(path))
    return written(os.path.join(place, "asked")).splitlines(), found


def test_a_unit_is_told_what_it_needs_and_nothing_else(place):
    asked, found = as_unit(
        place, HEADWAY_STATE_DIR="/a b/$HOME", PATH="/usr/bin:/bin", PASSWORD="hunter2"
    )
    assert asked[:4] == ["--user", "--quiet", "--collect", "--unit=headway-broker-x"]
    assert "--setenv=HEADWAY_STATE_DIR=/a b/$HOME" in asked
    assert not any("hunter2" in word for word in asked)
    assert found["HEADWAY_STATE_DIR"] == "/a b/$HOME"


def test_where_the_service_manager_refuses_the_helper_is_started_as_elsewhere(place):
    with open(os.path.join(place, "refuses"), "w"):
        pass
    asked, found = as_unit(place, HEADWAY_STATE_DIR="/s", PATH="/usr/bin:/bin")
    assert asked
    assert found["HEADWAY_STATE_DIR"] == "/s"


# What a program does to start a helper that says which modules it found, as argv[1].
STARTS = """
import os, sys
from headway.host.launch.detached_process import spawn
path = sys.argv[1]
code = (
    "import headway_broker, headway_viewer, zmq, msgpack, random, sqlite3, sys;"
    f"file = open({path!r} + '.new', 'w');"
    "file.write(repr([sys.path, random.__file__, sqlite3.__file__]));"
    "file.close();"
    f"os = sys.modules['os']; os.rename({path!r} + '.new', {path!r})"
)
spawn([sys.executable, "-c", code], os.environ)
"""


def helper_of(folder, place, **environ):
    """sys.path and the files of two modules, as a helper of a program in `folder` has them."""
    with open(os.path.join(folder, "program.py"), "w") as file:
        file.write(STARTS)
    said = os.path.join(place, "said")
    subprocess.run(
        [sys.executable, os.path.join(folder, "program.py"), said],
        cwd=folder,
        env={**os.environ, **environ},
        check=True,
        timeout=30,
    )
    return ast.literal_eval(written(said))


def test_a_module_beside_the_script_is_not_taken_for_one_of_the_standard_library(place, tmp_path):
    for name in ("sqlite3.py", "random.py", "zmq.py", "rich.py"):
        (tmp_path / name).write_text("raise SystemExit('of the program')\n")
    for name in ("sqlite3.py", "random.py"):  # not while the program itself starts
        (tmp_path / name).write_text("")
    path, *files = helper_of(str(tmp_path), place)
    assert str(tmp_path) not in path
    assert not [file for file in files if file.startswith(str(tmp_path))]


def test_a_helper_searches_no_folder_in_which_it_needs_nothing(place, tmp_path):
    for name in ("script", "library"):
        (tmp_path / name).mkdir()
    (tmp_path / "library" / "random.py").write_text("")
    library = str(tmp_path / "library")
    path, *_ = helper_of(str(tmp_path / "script"), place, PYTHONPATH=library)
    assert library not in path
    # Ahead of the standard library there are but our own packages.
    first = path[1 : path.index(os.path.dirname(os.__file__))]
    assert not [name for name in first if name.endswith("site-packages")]


def modules_of(monkeypatch, *searched, script=None):
    monkeypatch.setattr(sys, "path", [*searched])
    monkeypatch.setattr(sys.modules["__main__"], "__file__", script, raising=False)
    return _modules(sys.executable)


def package(folder, name):
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    return str(folder)


def test_what_a_helper_needs_is_passed_on_from_wherever_it_is(monkeypatch, tmp_path):
    first, second = package(tmp_path / "a", "msgpack"), package(tmp_path / "b", "zmq")
    package(tmp_path / "b", "msgpack")
    nothing = package(tmp_path / "c", "numpy")
    found = modules_of(monkeypatch, first, nothing, second)
    assert found[-2:] == [first, second]
    assert nothing not in found


def test_the_programs_folder_is_passed_on_only_for_what_is_nowhere_else(monkeypatch, tmp_path):
    own, other = package(tmp_path / "own", "zmq"), package(tmp_path / "other", "zmq")
    script = os.path.join(own, "program.py")
    assert own not in modules_of(monkeypatch, own, other, script=script)
    assert own in modules_of(monkeypatch, own, script=script)
    (tmp_path / "own" / "zmq" / "__init__.py").unlink()
    (tmp_path / "own" / "zmq.py").write_text("")  # it is the program's
    assert own not in modules_of(monkeypatch, own, script=script)
    monkeypatch.chdir(other)
    assert other in modules_of(monkeypatch, "")


def test_what_is_searched_may_be_anything(monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert modules_of(monkeypatch, "", None, b"x", "relative", "/no/such", __file__)


def test_the_python_of_the_prefix_is_told_of_nothing_that_it_knows(monkeypatch):
    beside = os.path.join(sys.prefix, "bin", "python3")
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    assert not any(path.endswith("site-packages") for path in _modules(beside))


def test_another_interpreter_is_told_of_everything(monkeypatch):
    assert any(path.endswith("site-packages") for path in _modules("/usr/bin/other"))
