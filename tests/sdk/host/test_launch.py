"""Finding the broker without waiting for it."""

import ast
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from headway.host import launch


@pytest.fixture
def place():
    path = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield path
    launch._next_start = float("-inf")
    shutil.rmtree(path)


@pytest.fixture
def environ(place):
    return {"HEADWAY_RUNTIME_DIR": place, "HEADWAY_BROKER": "never"}


def written(path):
    """What a helper has written, once it has."""
    end = time.monotonic() + 10
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    with open(path) as file:
        return file.read()


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    return listener


def test_nobody_listens_in_an_empty_directory(environ):
    assert launch.endpoint(environ, os.getuid()) is None


def test_who_listens_is_found(environ, place):
    with listen(os.path.join(place, "report.sock")):
        assert launch.endpoint(environ, os.getuid()) == f"ipc://{place}/report.sock"


@pytest.mark.parametrize("scheme", ["", "ipc://"])
def test_a_named_endpoint_is_taken_where_somebody_listens(environ, place, scheme):
    environ["HEADWAY_ENDPOINT"] = f"{scheme}{place}/elsewhere"
    assert launch.endpoint(environ, os.getuid()) is None
    with listen(os.path.join(place, "elsewhere")):
        assert launch.endpoint(environ, os.getuid()) == f"ipc://{place}/elsewhere"


def test_a_named_endpoint_that_is_refused_is_no_endpoint(environ):
    environ["HEADWAY_ENDPOINT"] = "tcp://127.0.0.1:1"
    with pytest.raises(launch.EndpointRefused):
        launch.endpoint(environ, os.getuid())


def test_a_stale_socket_is_nobody(environ, place):
    listen(os.path.join(place, "report.sock")).close()
    assert launch.endpoint(environ, os.getuid()) is None


def test_a_busy_listener_is_somebody(environ, place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        waiting = []
        for _ in range(8):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(path)
            except BlockingIOError:
                break
        assert launch.listening(path, os.getuid())
        for client in waiting:
            client.close()


def test_a_file_or_a_link_in_its_place_is_nobody(environ, place):
    path = os.path.join(place, "report.sock")
    with open(path, "w"):
        pass
    assert not launch.listening(path, os.getuid())
    os.unlink(path)
    with listen(path + ".real"):
        os.symlink(path + ".real", path)
        assert not launch.listening(path, os.getuid())


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give a socket away")
def test_a_socket_of_somebody_else_is_nobody(place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        os.chown(path, 4242, -1)
        assert launch.listening(path, 4242)
        assert not launch.listening(path, 4243)


def test_a_socket_of_root_is_trusted_and_of_another_user_is_not(place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        assert launch.listening(path, os.getuid() + 1) == (os.getuid() == 0)


def test_one_of_many_starts_the_broker_and_hands_it_the_lock(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []

    def spawn(argv, *_, keep, **__):
        started.append(argv)
        brokers.extend(os.dup(descriptor) for descriptor in keep)

    brokers = []
    monkeypatch.setattr(launch, "spawn", spawn)
    assert launch.endpoint(environ, os.getuid()) is None
    assert started[0][1:] == ["-m", "headway_broker", "run", "--detached"]
    launch._next_start = float("-inf")  # as in another process
    assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1
    os.close(brokers.pop())  # it has died
    assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 2
    os.close(brokers.pop())


def test_one_process_does_not_start_brokers_in_a_row(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: started.append(1))
    for _ in range(5):
        assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1


def test_where_no_python_can_run_a_broker_none_is_started(environ, monkeypatch):
    environ = {**environ, "HEADWAY_BROKER": "", "PATH": "/nowhere"}
    started = []
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: started.append(1))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert launch.endpoint(environ, os.getuid()) is None
    assert started == []
    monkeypatch.setattr(sys, "frozen", False)
    assert launch.endpoint(environ, os.getuid()) is None
    assert started == [1]


def test_a_forked_child_does_not_keep_the_start_lock(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]

    def spawn(*_, **__):
        if os.fork() == 0:
            os.close(opened)
            os.write(says, b"forked")
            os.read(gate, 1)
            os._exit(0)
        os.read(forked, 6)

    gate, opened = os.pipe()
    forked, says = os.pipe()
    monkeypatch.setattr(launch, "spawn", spawn)
    launch.endpoint(environ, os.getuid())
    launch._next_start = float("-inf")
    started = []
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: started.append(1))
    launch.endpoint(environ, os.getuid())
    for end in (gate, opened, forked, says):
        os.close(end)
    os.wait()
    assert started == [1]


def test_looking_only_starts_nothing(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: pytest.fail("started"))
    assert launch.endpoint(environ, os.getuid(), start=False) is None


def test_what_is_spawned_is_nobodys_child_and_finds_our_modules(place):
    path = os.path.join(place, "said")
    code = (
        "import headway, os, sys;"
        f"open({path!r} + '.new', 'w').write(f'{{os.getppid()}} {{os.getcwd()}} {{os.getsid(0)}}');"
        f"os.rename({path!r} + '.new', {path!r})"
    )
    launch.spawn([sys.executable, "-c", code], os.environ)
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
    launch.spawn([sys.executable, "-c", code], environ, foreign=True)
    assert ast.literal_eval(written(path)) == [None, None, None, "1"]


# What a program does to start a helper that says which modules it found, as argv[1].
STARTS = """
import os, sys
from headway.host import launch
path = sys.argv[1]
code = (
    "import headway_broker, headway_viewer, zmq, msgpack, random, sqlite3, sys;"
    f"file = open({path!r} + '.new', 'w');"
    "file.write(repr([sys.path, random.__file__, sqlite3.__file__]));"
    "file.close();"
    f"os = sys.modules['os']; os.rename({path!r} + '.new', {path!r})"
)
launch.spawn([sys.executable, "-c", code], os.environ)
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
    return launch._modules(sys.executable)


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
    assert not any(path.endswith("site-packages") for path in launch._modules(beside))


def test_another_interpreter_is_told_of_everything(monkeypatch):
    assert any(path.endswith("site-packages") for path in launch._modules("/usr/bin/other"))
