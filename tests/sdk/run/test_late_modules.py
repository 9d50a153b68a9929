"""In a process of its own: what is imported here is what pytest needs."""

import subprocess
import sys

import pytest

LATE = ("inspect", "json", "pickle", "platform", "random")
POSTPONED = "import sys; from headway.run.late_modules import postpone; postpone(); "


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", POSTPONED + program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="another Python reads more")
def test_pyzmq_works_without_them():
    print_late = (
        f"print(zmq.__version__, *(n for n in {LATE} if hasattr(sys.modules[n], '__file__')))"
    )
    said = run(
        "import zmq; c = zmq.Context(); s = c.socket(zmq.PAIR); m = s.get_monitor_socket();"
        "s.setsockopt(zmq.LINGER, 0); s.bind('inproc://x'); o = c.socket(zmq.PAIR);"
        "o.connect('inproc://x'); o.send(b'1'); s.recv(); c.destroy(); " + print_late
    )
    version, *asked = said.split()
    # What Cython made of earlier ones asks `inspect` for more.
    assert set(asked) <= ({"inspect"} if int(version.split(".")[0]) < 27 else set())


def test_each_is_the_real_one_for_whoever_asks_it():
    assert (
        run(
            "import inspect, json, pickle, platform, random;"
            "from inspect import signature; from json import JSONDecodeError;"
            "print(json.dumps([1]), pickle.loads(pickle.dumps(2)), random.randint(3, 3),"
            "platform.system() and 4, len(signature(lambda a: 0).parameters));"
            "import json; print(hasattr(json, '__file__'))"
        )
        == "[1] 2 3 4 1\nTrue\n"
    )


def test_what_is_read_in_their_place_is_as_they_have_it():
    assert (
        run(
            "import importlib\n"
            f"late = {{n: dict(vars(sys.modules[n])) for n in {LATE}}}\n"
            "for name, read in late.items():\n"
            "    del sys.modules[name]\n"
            "    real = importlib.import_module(name)\n"
            "    for word, value in read.items():\n"
            "        if not word.startswith('__'):\n"
            "            found = getattr(real, word)\n"
            "            assert found == value or found() == value(), word\n"
        )
        == ""
    )
