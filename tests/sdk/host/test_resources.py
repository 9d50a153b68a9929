from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap

import pytest

from headway.host import resources


def test_a_process_with_plenty_has_what_it_needs():
    assert resources.has_resources()


def test_too_few_descriptors_are_noticed(monkeypatch):
    used = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "sysconf", lambda name: used + resources.DESCRIPTORS - 1)
    assert not resources.has_descriptors()


def test_limits_that_no_user_can_lift_are_counted(monkeypatch):
    hard = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CPU: 60}
    monkeypatch.setattr(
        resource, "getrlimit", lambda kind: (0, hard.get(kind, resource.RLIM_INFINITY))
    )
    assert resources.fixed_limits() == 2


def test_too_little_address_space_is_noticed(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resources.MEMORY, resources.MEMORY))
    assert not resources.has_memory()


@pytest.mark.parametrize(
    ("limit", "value"), [("NOFILE", 100), ("NPROC", 500), ("AS", 1 << 36), (None, 0)]
)
def test_a_limit_that_may_be_reached_is_not_ample(limit, value):
    lower = f"resource.setrlimit(resource.RLIMIT_{limit}, ({value}, {value}))" if limit else "pass"
    code = (
        f"import resource; {lower}; from headway.host import resources as r; print(r.are_ample())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    told = done.stdout.strip()
    assert told == "False" if limit else told in ("True", "False")


def test_without_proc_nothing_is_known_to_be_ample(monkeypatch):
    def closed(*_):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", closed)
    assert not resources.are_ample()


def test_what_is_opened_does_not_come_to_the_place_of_a_standard_descriptor(tmp_path):
    code = """
        import errno, os, subprocess, sys
        from headway.host import resources

        def errors():
            for act, *to in ((os.read, 0, 1), (os.write, 1, b"x"), (os.write, 2, b"x")):
                try:
                    act(*to)
                except OSError as error:
                    yield error.errno == errno.EBADF

        with open(sys.argv[1], "w") as found:
            os.dup2(found.fileno(), 9)
        for descriptor in range(3):
            os.closerange(descriptor, descriptor + 1)
        before = [*errors()]
        resources.occupy_standard_descriptors()
        resources.occupy_standard_descriptors()
        look = "import os, sys; sys.exit(os.path.exists('/proc/self/fd/1'))"
        child = subprocess.call([sys.executable, "-c", look])
        os.write(9, repr((min(os.pipe()) > 2, before, [*errors()], child)).encode())
    """
    found = tmp_path / "found"
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(found)], check=True, timeout=30
    )
    assert eval(found.read_text()) == (True, [True] * 3, [True] * 3, 0)


# A seccomp profile that refuses eventfd (284) and eventfd2 (290), the numbers of x86_64.
REFUSE_EVENTFD = """
import ctypes, struct, sys
from headway.host import resources
before = resources.has_memory()
libc = ctypes.CDLL(None)
refused = [(0x15, 1, 0, 290), (0x15, 0, 1, 284), (6, 0, 0, 0x50001)]
lines = [(0x20, 0, 0, 0), *refused, (6, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
profile = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code)))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, profile, 0, 0):
    sys.exit(77)
print(before, resources.has_memory())
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64")
def test_where_a_seccomp_profile_refuses_eventfd_libzmq_is_not_used():
    done = subprocess.run(
        [sys.executable, "-c", REFUSE_EVENTFD],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("no profile may be set here")
    assert (done.stdout, done.stderr) == ("True False\n", "")
