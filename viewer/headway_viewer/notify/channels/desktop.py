"""Notices as notifications of the desktop: by D-Bus where there is a session bus, else by plyer.

Shell. D-Bus itself can what plyer cannot: replace the earlier notification of an operation, and
say how urgent one is. plyer has the other systems, and a Flatpak's portal.
"""

from __future__ import annotations

from typing import Any, Mapping

from headway.host import desktop
from headway.host.desktop import Impossible
from headway_viewer.notify.dbus import connection
from headway_viewer.notify.dbus.connection import BusError, BusGone, Connection
from headway_viewer.notify.notice import BAD, LOW, NORMAL, Notice

APPLICATION = "Headway"
_URGENCY = {LOW: 0, NORMAL: 1}
_SERVICE = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_CALL = (*_SERVICE, _SERVICE[0])
MAX_REPLACED = 200  # operations whose notification is remembered


class DesktopChannel:
    """The notification service of a desktop session. Raises `Impossible` where there is none."""

    gives_up = True  # where it fails again and again, the session is over
    kind = ""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._bus: Connection | None = None
        self._other: desktop.Desktop | None = None
        self._escapes = True
        self._shown: dict[str, int] = {}  # operation → the service's number of its notification
        path = None if environ.get("FLATPAK_ID") else connection.address(environ)
        if path is None or not desktop.has_bus(environ):
            self._other = desktop.Desktop(environ)
            return
        self._path = path
        try:
            self._connect()
        except BusError as error:
            raise Impossible(desktop.why(str(error))) from None

    def deliver(self, notice: Notice) -> None:
        """Show a notice, in place of an earlier one of the same operation."""
        if self._other is not None:
            self._other.notify(
                notice.title,
                notice.body,
                APPLICATION,
                notice.shown,
                urgency=notice.urgency,
                value=notice.value,
            )
            return
        try:
            try:
                number = self._notify(self._bus or self._connect(), notice)
            except BusGone:
                self.close()
                number = self._notify(self._connect(), notice)
            self._shown[notice.operation] = number
        except OSError as error:
            self.close()
            raise OSError(desktop.why(str(error))) from None
        if len(self._shown) > MAX_REPLACED:
            del self._shown[next(iter(self._shown))]

    def close(self) -> None:
        """Leave the bus; the next notice joins it again."""
        if self._bus is not None:
            self._bus.close()
        self._bus = None

    def _connect(self) -> Connection:
        try:
            bus = Connection(self._path)
        except BusError as error:
            raise Impossible(desktop.why(str(error))) from None
        try:
            words = bus.call(*_CALL, "GetCapabilities")[0]
        except BusError:
            bus.close()
            raise
        self._escapes = "body-markup" in words
        self._bus = bus
        return bus

    def _notify(self, bus: Connection, notice: Notice) -> int:
        bad = notice.event in BAD
        hints: dict[str, Any] = {
            "urgency": ("y", _URGENCY.get(notice.urgency, 2)),
            "category": ("s", "transfer.error" if bad else "transfer.complete"),
        }
        if notice.value is not None:
            hints["value"] = ("i", notice.value)
        answer = bus.call(
            *_CALL,
            "Notify",
            APPLICATION,
            self._shown.pop(notice.operation, 0),
            "",
            desktop.title_of(notice.title),
            desktop.body_of(notice.body, escapes=self._escapes),
            [],
            hints,
            notice.shown * 1000,
            signature="susssasa{sv}i",
        )
        return int(answer[0])
