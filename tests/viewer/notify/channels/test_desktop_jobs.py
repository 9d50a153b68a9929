import os
import subprocess
import threading

import desktop as support
import pytest
from machine import until

from headway_viewer.notify.channels.desktop_jobs import DesktopJobs, application_of
from headway_viewer.notify.jobs import Job

pytestmark = pytest.mark.skipif(support.missing() is not None, reason=str(support.missing()))
JOB = Job("apt \x1b[2J upgrade", "Unpack", 54, asks=False, host=os.uname().nodename, pid=None)


@pytest.fixture
def bus():
    bus = support.Desktop()
    yield bus
    bus.close()


@pytest.fixture
def shown(bus):
    shown = DesktopJobs(bus.environ)
    yield shown
    shown.close()


def calls(bus):
    """What the list of jobs was asked, in order: "setPercent 54"."""
    return [line.partition(" ")[2] for line in bus.logged().splitlines() if "emit" not in line]


def test_a_job_stands_in_the_list_while_it_goes_on(bus, shown):
    bus.serve_jobs()
    shown.show({"a": JOB})
    until(lambda: any("setPercent 54" in line for line in calls(bus)), "its progress")
    shown.show({"a": JOB._replace(doing="Configure")})
    until(lambda: any("Configure" in line for line in calls(bus)), "its stage")
    shown.show({})
    until(lambda: any("terminate" in line for line in calls(bus)), "its end")
    told = calls(bus)
    assert told[0].startswith('requestView "Headway"')
    assert 'setInfoMessage "apt ␛[2J upgrade"' in told
    assert sum("requestView" in line for line in told) == 1
    assert sum("setPercent" in line for line in told) == 1


def test_leaving_takes_away_what_is_shown(bus, shown):
    bus.serve_jobs()
    shown.show({"a": JOB})
    until(lambda: any("setPercent" in line for line in calls(bus)), "the job")
    shown.close()
    until(lambda: any("terminate" in line for line in calls(bus)), "its end")


def test_a_list_that_hangs_holds_nobody_up(bus, shown):
    bus.serve_jobs()
    shown.show({"a": JOB})
    until(lambda: any("setPercent" in line for line in calls(bus)), "the job")
    bus.hang()
    for percent in range(60, 99):
        shown.show({"a": JOB._replace(percent=percent)})
    bus.recover()
    until(lambda: any("setPercent 98" in line for line in calls(bus)), "the last of it")


def test_the_icon_of_the_terminal_shows_the_progress(bus, shown, tmp_path):
    environ = {**os.environ, "GIO_LAUNCHED_DESKTOP_FILE": "/usr/share/applications/kitty.desktop"}
    program = subprocess.Popen(["sleep", "60"], env=environ)
    seen = tmp_path / "seen"
    with open(seen, "wb") as file:
        monitor = subprocess.Popen(
            ["dbus-monitor", "--session", "interface='com.canonical.Unity.LauncherEntry'"],
            env={**os.environ, **bus.environ},
            stdout=file,
        )
    try:
        until(lambda: "NameAcquired" in seen.read_text(), "the monitor")
        until(lambda: application_of(program.pid) == "kitty.desktop", "its environment")
        shown.show({"a": JOB._replace(pid=program.pid)})
        until(lambda: "double 0.54" in seen.read_text(), "the progress")
        assert "application://kitty.desktop" in seen.read_text()
        shown.show({})
        until(lambda: "int64 0" in seen.read_text(), "its end")
    finally:
        for process in (monitor, program):
            process.kill()
            process.wait()


@pytest.mark.parametrize("address", ["", "unix:path=/nonexistent/bus", "tcp:host=x"])
def test_without_a_bus_nothing_happens(address):
    shown = DesktopJobs({"DBUS_SESSION_BUS_ADDRESS": address})
    shown.show({"a": JOB})
    shown.show({})
    shown.close()
    assert "headway-jobs" not in [thread.name for thread in threading.enumerate()]
