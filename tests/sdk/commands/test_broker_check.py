"""What `headway doctor` says of the broker."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import pytest
import zmq
from machine import until

from headway import __version__
from headway.commands import broker_check, doctor
from headway.protocol import messages, wire


@pytest.fixture
def environ():
    place = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield {"HEADWAY_RUNTIME_DIR": place, "HOME": place}
    shutil.rmtree(place, ignore_errors=True)


def answered(environ, answer):
    """What the doctor finds where the broker answers a Hello so."""
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.bind(f"ipc://{environ['HEADWAY_RUNTIME_DIR']}/report.sock")

    def reply():
        identity, _ = router.recv_multipart()
        router.send_multipart([identity, wire.encode(answer)])

    thread = threading.Thread(target=reply)
    thread.start()
    lines, trouble = doctor.examine(environ, os.getuid())
    thread.join()
    context.destroy(linger=0)
    return dict(lines), trouble


def welcome(**about):
    return messages.Welcome(messages.MAJOR, messages.MINOR, "b", 1.0, 1.0, "ipc:///f", False, about)


def test_a_listener_that_does_not_answer_is_no_broker(environ, monkeypatch):
    monkeypatch.setattr(broker_check, "ANSWER_TIMEOUT", 0.1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(environ["HEADWAY_RUNTIME_DIR"], "report.sock"))
        listener.listen(1)
        _, trouble = doctor.examine(environ, os.getuid())
    assert trouble == ["the broker does not answer (waited 0 s)"]


def test_the_broker_that_is_named_is_seen_where_no_directory_can_be_used(environ, monkeypatch):
    monkeypatch.setattr(broker_check, "ANSWER_TIMEOUT", 0.1)
    path = os.path.join(environ["HEADWAY_RUNTIME_DIR"], "elsewhere")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(2)
        lines, trouble = doctor.examine(
            {"HEADWAY_RUNTIME_DIR": "/nowhere/at/all", "HEADWAY_ENDPOINT": path}, os.getuid()
        )
    assert dict(lines)["broker"] == f"listens at {path}, pid {os.getpid()}"
    assert "cannot be made" in trouble[0]


def test_the_version_of_the_broker_is_told_and_our_own_where_it_is_another(environ):
    facts, trouble = answered(environ, welcome(version=__version__))
    assert facts["broker"].endswith(f", pid {os.getpid()}, version {__version__}")
    facts, _ = answered(environ, welcome(version="99.1"))
    assert facts["broker"].endswith(f", version 99.1 (this is {__version__})")
    assert trouble == []


@pytest.mark.parametrize(("major", "advice"), [(0, "headway broker stop"), (99, "newer headway")])
def test_a_broker_of_another_major_version_is_one_clear_line(environ, major, advice):
    _, trouble = answered(environ, messages.Refuse("version", {"majors": [major]}))
    (reason,) = trouble
    assert reason.startswith(f"the broker refuses: it speaks version {major} of the protocol, and")
    assert advice in reason


def test_what_the_broker_runs_in_is_told(environ):
    facts, _ = answered(environ, welcome())
    assert f"nice {os.getpriority(os.PRIO_PROCESS, 0)}" in facts["runs"]
    assert f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} processors" in facts["runs"]
    assert "in the control group /" in facts["runs"]
    assert "descriptors" in facts["limits"]


def test_of_a_broker_that_stores_nothing_it_is_told_until_when(environ, monkeypatch):
    monkeypatch.setattr(broker_check, "stores_nothing", lambda pid: True)
    facts, _ = answered(environ, welcome())
    assert facts["stores"].endswith("until a program without its limits reports for some seconds")


LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); input()"


@pytest.mark.parametrize(("code", "nothing"), [(LIMITED, True), ("input()", False)])
def test_that_a_process_may_write_no_file_is_read_of_the_kernel(code, nothing):
    process = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE)
    try:
        until(lambda: broker_check.stores_nothing(process.pid) is nothing, "its limit")
    finally:
        process.communicate(b"\n")
