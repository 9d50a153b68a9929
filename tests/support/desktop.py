"""A desktop session for tests: a D-Bus session bus, and on it a service for notifications.

The service is python-dbusmock's, under Debian's interpreter (it needs PyGObject); what it
was asked is in its log. Debian packages: dbus, libglib2.0-bin, libnotify-bin, python3-dbusmock.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from typing import NamedTuple

from machine import until
from x_screen import Screen

PYTHON = "/usr/bin/python3"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
_CALL = re.compile(
    r'^[\d.]+ Notify "(.*?)" (\d+) ".*?" "(.*?)" "((?:.|\n)*?)" \[.*\] \{(.*)\} (-?\d+)$',
    re.MULTILINE,
)


class Call(NamedTuple):
    """What the service was asked to show."""

    application: str
    replaces: int
    title: str
    body: str
    hints: str  # as the service's log has them
    milliseconds: int


@functools.lru_cache(maxsize=None)
def missing():
    """Why there can be no such session on this machine, or None."""
    for program in ("dbus-daemon", "gdbus"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    known = subprocess.run(
        [PYTHON, "-c", "import dbusmock, gi"], capture_output=True, check=False, timeout=30
    )
    return "there is no python3-dbusmock" if known.returncode else None


class Desktop:
    """A session bus of its own; nothing is on it until `serve`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hwd", dir="/tmp")
        config = f"{self.folder}/session.conf"
        with open(config, "w") as file:
            file.write(_CONFIG.format(folder=self.folder))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._bus.stdout.readline().strip()
        self.environ = {"DBUS_SESSION_BUS_ADDRESS": self.address}
        self._service = None
        self._screen = None
        self._log = f"{self.folder}/calls.log"

    def serve(self):
        """Start the notification service and wait until it answers."""
        self._service = subprocess.Popen(
            [PYTHON, "-m", "dbusmock", "--session", "-t", "notification_daemon", "-l", self._log],
            env={**os.environ, **self.environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)
        return self

    def show(self):
        """Start dunst on a screen of its own and wait until it answers; return the screen."""
        self._screen = Screen(self.environ)
        until(self._answers)
        return self._screen

    def shown(self):
        """How many notifications dunst displays."""
        call = "call --session -d org.freedesktop.Notifications -o /org/freedesktop/Notifications"
        call += " -m org.freedesktop.DBus.Properties.Get org.dunstproject.cmd0 displayedLength"
        got = subprocess.run(
            ["gdbus", *call.split()],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(re.sub(r"\D", "", got.stdout.replace("uint32", "")))

    def serve_jobs(self):
        """Start a list of jobs, as KDE's, with one view, and wait until it answers."""
        name, path = "org.kde.JobViewServer", "/JobViewServer"
        self._service = subprocess.Popen(
            [PYTHON, "-m", "dbusmock", "--session", "-l", self._log, name, path, name],
            env={**os.environ, **self.environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        view = "org.kde.JobViewV2"
        methods = (
            "[('terminate','s','',''), ('setInfoMessage','s','',''), ('setPercent','u','',''),"
        )
        methods += "('setDescriptionField','uss','b','ret = True')]"
        mock = "org.freedesktop.DBus.Mock"
        until(
            lambda: self._ask(
                name, path, f"{mock}.AddObject", "/JobViewServer/JobView_1", view, "{}", methods
            )
        )
        answer = "ret = dbus.ObjectPath('/JobViewServer/JobView_1')"
        assert self._ask(name, path, f"{mock}.AddMethod", name, "requestView", "ssi", "o", answer)
        return self

    def logged(self):
        """The log of the service."""
        try:
            with open(self._log) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _ask(self, name, path, method, *arguments):
        asked = subprocess.run(
            ["gdbus", "call", "--session", "-d", name, "-o", path, "-m", method, *arguments],
            env={**os.environ, **self.environ},
            capture_output=True,
            check=False,
            timeout=30,
        )
        return asked.returncode == 0

    def hang(self):
        """The service answers no more."""
        self._service.send_signal(signal.SIGSTOP)

    def recover(self):
        """The service answers again."""
        self._service.send_signal(signal.SIGCONT)

    def leave(self):
        """The session ends: its bus is gone."""
        self._bus.kill()

    def notified(self):
        """Every notification so far: (application, title, body, milliseconds)."""
        return [
            (call.application, call.title, call.body, call.milliseconds) for call in self.calls()
        ]

    def calls(self):
        """Every notification so far, with all that was asked for."""
        try:
            with open(self._log) as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return [
            Call(app, int(replaces), title, body, hints, int(milliseconds))
            for app, replaces, title, body, hints, milliseconds in _CALL.findall(text)
        ]

    def restart(self):
        """The service ends, and another one serves."""
        self._service.kill()
        self._service.wait()
        return self.serve()

    def close(self):
        if self._screen is not None:
            self._screen.close()
        for process in (self._service, self._bus):
            if process is not None:
                process.kill()
                process.wait()
        self._bus.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self):
        call = "call --session --timeout 1 -d org.freedesktop.Notifications"
        call += " -o /org/freedesktop/Notifications"
        call += " -m org.freedesktop.Notifications.GetServerInformation"
        asked = subprocess.run(
            ["gdbus", *call.split()],
            env={**os.environ, **self.environ},
            capture_output=True,
            check=False,
        )
        return asked.returncode == 0
