"""Deaths of real processes."""

import os
import select
import signal
import subprocess
import sys

import pytest
from machine import until

from headway.host.process_status import start_time
from headway_broker.shell import processes
from headway_broker.shell.processes import Death, Deaths, alive, boot_id, resident
from headway_broker.state.process_image import replaced


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def deaths():
    deaths = Deaths()
    yield deaths
    deaths.close()


def end(child):
    child.kill()
    child.wait()


def test_whether_a_process_is_stopped_is_read_of_the_kernel(child):
    assert processes.run_state(child.pid) not in ("T", "t", None)
    child.send_signal(signal.SIGSTOP)
    until(lambda: processes.run_state(child.pid) == "T")
    child.send_signal(signal.SIGCONT)
    until(lambda: processes.run_state(child.pid) != "T")
    end(child)
    assert processes.run_state(child.pid) is None


def names(found):
    return [death.name for death in found]


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else's kernel tells it")
def test_how_a_process_has_died_is_told_before_anybody_has_waited_for_it(deaths, child):
    deaths.watch("it", child.pid, None)
    child.kill()
    assert until(deaths.poll) == [Death("it", signal.SIGKILL)]
    child.wait()


def test_a_death_is_told_once_by_its_name(deaths, child):
    deaths.watch("it", child.pid, start_time(child.pid))
    assert deaths.poll() == []
    end(child)
    assert names(until(deaths.poll)) == ["it"]
    assert deaths.poll() == []


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
def test_a_death_wakes_whoever_polls_the_descriptor(deaths, child):
    deaths.watch("it", child.pid, None)
    assert not select.select([deaths.descriptor], [], [], 0)[0]
    end(child)
    assert select.select([deaths.descriptor], [], [], 10)[0]
    assert not deaths.looking


def test_a_process_that_is_gone_already_is_told(deaths, child):
    end(child)
    deaths.watch("it", child.pid, None)
    assert deaths.looking
    assert names(deaths.poll()) == ["it"]


def test_a_later_process_of_the_same_pid_is_not_the_one(deaths, child):
    deaths.watch("it", child.pid, start_time(child.pid) - 1)
    assert names(deaths.poll()) == ["it"]
    assert not deaths.looking


def test_who_is_unwatched_is_not_told(deaths, child):
    deaths.watch("it", child.pid, None)
    deaths.unwatch("it")
    end(child)
    assert deaths.poll() == []


def test_watching_again_replaces_the_first(deaths, child):
    for _ in range(100):
        deaths.watch("it", child.pid, None)
    end(child)
    assert names(until(deaths.poll)) == ["it"]


def test_one_process_may_have_several_names(deaths, child):
    deaths.watch("a", child.pid, None)
    deaths.watch("b", child.pid, None)
    end(child)
    found = []
    until(lambda: found.extend(names(deaths.poll())) or len(found) == 2)
    assert sorted(found) == ["a", "b"]


def test_a_process_costs_one_descriptor_however_many_names_it_has(deaths, child):
    deaths.watch("first", child.pid, None)
    before = len(os.listdir("/dev/fd"))
    for number in range(50):
        deaths.watch(str(number), child.pid, start_time(child.pid))
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
def test_a_copy_of_a_descriptor_tells_nothing_of_the_next_process(deaths, child):
    deaths.watch("first", child.pid, None)
    [number] = [int(fd) for fd in os.listdir("/proc/self/fd") if is_pidfd(fd)]
    copy = os.dup(number)
    try:
        deaths.unwatch("first")
        end(child)
        deaths.watch("second", os.getpid(), None)
        assert is_pidfd(number)  # it got the same number
        assert deaths.poll() == []
    finally:
        os.close(copy)


def is_pidfd(descriptor):
    """Whether a descriptor of ours is one of a process."""
    try:
        return "pidfd" in os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return False


def test_beyond_their_limit_of_descriptors_processes_are_looked_at(child):
    deaths = Deaths(limit=0)
    deaths.watch("it", child.pid, None)
    assert deaths.looking
    end(child)
    assert names(deaths.poll()) == ["it"]
    deaths.close()


def test_without_descriptors_the_pids_are_looked_at(deaths, child, monkeypatch):
    def none(_pid):
        raise OSError(24, "too many open files")

    monkeypatch.setattr(processes, "_pidfd_open", none)
    deaths.watch("it", child.pid, None)
    assert deaths.looking
    assert deaths.poll() == []
    end(child)
    assert names(deaths.poll()) == ["it"]
    assert not deaths.looking


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux system call")
def test_older_pythons_open_a_pidfd_by_its_number(deaths, child, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    deaths.watch("it", child.pid, None)
    assert not deaths.looking
    end(child)
    assert names(until(deaths.poll)) == ["it"]
    with pytest.raises(ProcessLookupError):
        processes._pidfd_open(child.pid)


def test_a_process_is_known_by_pid_and_start(child):
    started = start_time(child.pid)
    assert alive(child.pid, started)
    assert alive(child.pid, None)
    assert not alive(child.pid, started + 1)
    end(child)
    assert not alive(child.pid, started)
    assert start_time(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_keeps_its_image_until_it_becomes_another_program():
    code = "import os, sys; input(); os.execv(sys.executable, [sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        first = until(lambda: processes.process_image(process.pid))
        assert processes.process_image(process.pid) == first
        process.stdin.write(b"\n")
        process.stdin.flush()
        then = until(lambda: (now := processes.process_image(process.pid)) != first and now)
        process.kill()
    assert replaced(first, then)
    assert processes.process_image(process.pid) is None


def test_this_boot_and_this_memory_have_figures():
    assert boot_id() == boot_id()
    assert resident() > 1_000_000
    assert resident(2**22 + 5) is None


def test_a_process_descends_from_its_parents():
    with subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE
    ) as shell:
        child = int(shell.stdout.readline())
        lines = processes.line_of(child), processes.line_of(child, 2)
        os.kill(child, signal.SIGKILL)
    assert lines[0][:3] == [child, shell.pid, os.getpid()]
    assert lines[1] == [child, shell.pid]


def test_a_process_that_is_gone_stands_alone():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert processes.line_of(gone.pid) == [gone.pid]
