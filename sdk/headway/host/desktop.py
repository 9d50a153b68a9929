"""The desktop's notifications through plyer, with its traps avoided.

plyer takes any machine with a folder `/app` for a Flatpak and then loses what it is given,
so its parts are picked here. What is shown is hostile text: it is made safe, cut, kept from
being read as an option or as markup. Everything here may block for as long as the desktop
likes: call it on a thread of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from typing import Any, Mapping

from headway import text

TITLE = 120  # characters
BODY = 400
LINES = 3
SHOWN = 10  # seconds
ANSWER = 5.0  # seconds the service has for the question what it can do
_SERVICE = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"


class Impossible(Exception):
    """There can be no desktop notifications here; the text says why."""


class Desktop:
    """Raises notifications. Making one asks the desktop whether it can; raises `Impossible`."""

    def __init__(self, environ: Mapping[str, str], platform: str = sys.platform) -> None:
        self._environ = environ
        self._escapes = False
        if platform.startswith("linux"):
            self._backend = _linux(environ)
            if type(self._backend).__name__ != "NotifyDesktopPortals":
                self._escapes = "body-markup" in capabilities(environ)
        else:
            self._backend = _other()

    def notify(
        self, title: str, message: str, app_name: str = "Headway", timeout: int = SHOWN
    ) -> None:
        """Raise one; `timeout` is in seconds. Raises whatever the desktop's way raises."""
        if type(self._backend).__name__ == "NotifySendNotification":
            capabilities(self._environ)  # plyer does not look how notify-send fared
        self._backend.notify(
            title=title_of(title),
            message=body_of(message, escapes=self._escapes),
            app_name=text.safe(app_name),
            timeout=timeout,
        )


def title_of(title: str) -> str:
    """A title that is safe, short, no option and not empty."""
    return text.clip(text.safe(title), TITLE).lstrip("- ") or "Headway"


def body_of(body: str, *, escapes: bool) -> str:
    """A body that is safe, short, no option and not empty; `escapes` what would be markup."""
    lines = [text.safe(line) for line in body.splitlines() if line.strip()][:LINES]
    made = text.clip("\n".join(lines), BODY).lstrip("- ") or " "
    if escapes:
        made = made.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return made


def capabilities(environ: Mapping[str, str]) -> list[str]:
    """What the notification service can do; raises `Impossible` where there is none.

    Where there is no way to ask, it is taken to be there and to read markup.
    """
    try:
        dbus: Any = importlib.import_module("dbus")
    except ImportError:
        return _capabilities_by_gdbus(environ)
    try:
        bus: Any = dbus.SessionBus(private=True)
        try:
            service = bus.get_object(_SERVICE, _PATH, introspect=False)
            asked = service.GetCapabilities(dbus_interface=_SERVICE, timeout=ANSWER)
        finally:
            bus.close()
    except Exception as error:
        raise Impossible(_why(getattr(error, "get_dbus_message", error.__str__)())) from None
    return [str(word) for word in asked]


def _capabilities_by_gdbus(environ: Mapping[str, str]) -> list[str]:
    gdbus = shutil.which("gdbus")
    if gdbus is None:
        return ["body-markup"]
    method = f"{_SERVICE}.GetCapabilities"
    call = [gdbus, "call", "--session", "-d", _SERVICE, "-o", _PATH, "-m", method]
    try:
        asked = subprocess.run(  # noqa: S603 - a fixed command
            [*call, "--timeout", str(int(ANSWER))],
            capture_output=True,
            text=True,
            timeout=ANSWER + 1,
            check=False,
            env=dict(environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Impossible("the notification service does not answer") from None
    if asked.returncode:
        raise Impossible(_why(asked.stderr))
    return asked.stdout.replace("'", " ").replace(",", " ").split()


def _why(complaint: str) -> str:
    """What a D-Bus error means, for people."""
    if "not provided by any" in complaint or "ServiceUnknown" in complaint:
        return "no notification service runs on this desktop session"
    if "Did not receive a reply" in complaint or "Timeout" in complaint:
        return "the notification service does not answer"
    return " ".join(complaint.split()) or "the session bus cannot be reached"


def _linux(environ: Mapping[str, str]) -> Any:
    if not _bus(environ):
        raise Impossible(
            "there is no desktop session to notify (DBUS_SESSION_BUS_ADDRESS is not set)"
        )
    try:
        from plyer.platforms.linux import notification  # noqa: PLC0415 - optional
    except ImportError:
        raise Impossible("plyer is not installed (pip install plyer)") from None
    if environ.get("FLATPAK_ID"):
        return notification.NotifyDesktopPortals()
    if importlib.util.find_spec("dbus") is not None:
        return notification.NotifyDbus()
    if shutil.which("notify-send") is None:
        raise Impossible(
            "neither the Python package dbus-python nor the program notify-send is there"
        )
    return notification.NotifySendNotification()


def _bus(environ: Mapping[str, str]) -> bool:
    """Whether there is a session bus to try."""
    if environ.get("DBUS_SESSION_BUS_ADDRESS") or environ.get("DISPLAY"):
        return True
    return os.path.exists(f"/run/user/{os.getuid()}/bus")


def _other() -> Any:
    try:
        from plyer import notification  # noqa: PLC0415 - optional
    except ImportError:
        raise Impossible("plyer is not installed (pip install plyer)") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if type(notification._obj).__name__ == "Notification":
            raise Impossible("plyer knows no way to notify on this system")
    return notification
