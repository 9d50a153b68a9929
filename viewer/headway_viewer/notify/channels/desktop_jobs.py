"""Running operations in a desktop's list of jobs (KDE), and on the icons of a dock.

Shell. All calls are made by a thread of its own, for a desktop may hang. KDE's list is told where
its service is on the bus. A dock hears a signal, `com.canonical.Unity.LauncherEntry`, about the
application that a terminal was started as, where its environment has that.
"""

from __future__ import annotations

import os
import platform
import threading
from typing import Mapping

from headway import text
from headway_viewer.notify.dbus import connection
from headway_viewer.notify.dbus.connection import BusError, Connection
from headway_viewer.notify.jobs import Entry, Job, entries

APPLICATION = "Headway"
_SERVER = ("org.kde.JobViewServer", "/JobViewServer", "org.kde.JobViewServer")
_VIEW = "org.kde.JobViewV2"
_ENTRY = "com.canonical.Unity.LauncherEntry"
_ENTRY_PATH = "/headway/LauncherEntry"
_NO_ENTRY = Entry(0, None, urgent=False)
# What tells of which desktop entry a terminal was started: by GLib, and by KDE and Unity.
_VARIABLES = (b"GIO_LAUNCHED_DESKTOP_FILE=", b"BAMF_DESKTOP_FILE_HINT=")
NAME_LIMIT = 120  # characters
LEAVE_SECONDS = 1.0  # for which `close` waits until what is shown is taken away


class DesktopJobs:
    """Shows jobs on the session bus of `environ`, if there is one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = connection.address(environ)
        self._host = platform.node() or None
        self._changed = threading.Condition()
        self._wanted: dict[str, Job] = {}
        self._ending = False
        self._thread: threading.Thread | None = None
        # Of the thread alone.
        self._bus: Connection | None = None
        self._has_list = False
        self._views: dict[str, str] = {}  # operation → the path of its view
        self._shown: dict[str, Job] = {}
        self._applications: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}

    def show(self, jobs: Mapping[str, Job]) -> None:
        """Show these jobs and no others, as soon as the desktop takes them."""
        if self._path is None or jobs == self._wanted:
            return
        with self._changed:
            self._wanted = dict(jobs)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="headway-jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Take all of them away."""
        if self._thread is not None:
            with self._changed:
                self._wanted, self._ending = {}, True
                self._changed.notify()
            self._thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ending or self._wanted != self._shown)
                wanted, ending = self._wanted, self._ending
            try:
                self._update(wanted)
            except (BusError, ValueError, IndexError):
                # What this bus was told is gone with the connection; the next change says all.
                self._leave()
            self._shown = wanted
            if ending:
                self._leave()
                return

    def _update(self, wanted: dict[str, Job]) -> None:
        bus = self._bus or self._connect()
        if not self._has_list and not set(wanted) <= set(self._shown):
            self._has_list = bus.owned(_SERVER[0])  # it may have come meanwhile
        for name in [name for name in self._applications if name not in wanted]:
            del self._applications[name]
        for name in [name for name in self._views if name not in wanted]:
            bus.call(_SERVER[0], self._views.pop(name), _VIEW, "terminate", "", signature="s")
        for name, job in wanted.items():
            if self._has_list:
                self._show_in_list(bus, name, job)
            if name not in self._applications and job.pid and job.host == self._host:
                application = application_of(job.pid)
                if application is not None:
                    self._applications[name] = application
        self._show_on_icons(bus, entries(wanted, self._applications))

    def _show_in_list(self, bus: Connection, name: str, job: Job) -> None:
        before = self._shown.get(name) if name in self._views else None
        if name not in self._views:
            answer = bus.call(
                *_SERVER, "requestView", APPLICATION, "system-run", 0, signature="ssi"
            )
            self._views[name] = str(answer[0])
        view = (_SERVER[0], self._views[name], _VIEW)
        if before is None:
            bus.call(*view, "setInfoMessage", _words(job.name), signature="s")
        if before is None or before.doing != job.doing:
            field = (0, "", _words(job.doing))
            bus.call(*view, "setDescriptionField", *field, signature="uss")
        if job.percent is not None and (before is None or before.percent != job.percent):
            bus.call(*view, "setPercent", job.percent, signature="u")

    def _show_on_icons(self, bus: Connection, wanted: dict[str, Entry]) -> None:
        for application in {*wanted, *self._entries}:
            entry = wanted.get(application, _NO_ENTRY)
            if entry == self._entries.get(application, _NO_ENTRY):
                continue
            properties = {
                "count": ("x", entry.jobs),
                "count-visible": ("b", entry.jobs > 0),
                "progress": ("d", (entry.percent or 0) / 100),
                "progress-visible": ("b", entry.percent is not None),
                "urgent": ("b", entry.urgent),
            }
            uri = f"application://{application}"
            bus.signal(_ENTRY_PATH, _ENTRY, "Update", uri, properties, signature="sa{sv}")
        self._entries = wanted

    def _connect(self) -> Connection:
        bus = Connection(self._path or "")
        self._bus = bus
        self._has_list = False
        self._shown = {}
        return bus

    def _leave(self) -> None:
        if self._bus is not None:
            self._bus.close()
        self._bus = None
        self._views.clear()
        self._entries = {}


def application_of(pid: int) -> str | None:
    """Return the name of the desktop entry that a process was started by, or None."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return None
    for name in _VARIABLES:
        for variable in variables:
            if variable.startswith(name) and variable.endswith(b".desktop"):
                found = os.path.basename(variable[len(name) :]).decode("ascii", "replace")
                return found if text.safe(found) == found else None
    return None


def _words(said: str) -> str:
    return text.safe(said, NAME_LIMIT)
