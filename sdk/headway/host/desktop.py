"""Desktop notifications through plyer, around its traps.

plyer takes any machine with a folder `/app` for a Flatpak and then drops the notification, so
its backend is chosen here. Titles and bodies are untrusted text: they are made safe, cut, and
kept from being read as an option of notify-send or as markup. Everything here may block for
as long as the desktop does: call it on a thread of its own.
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

from headway import string_width, text

# Characters of a title and of a body, and lines of it: a notification is read at a glance.
TITLE_LIMIT = 120
BODY_LIMIT = 400
LINES_LIMIT = 3
SHOWN = 10  # seconds that a notification stays
ANSWER_TIMEOUT = 5.0  # seconds to wait for what the service is capable of
_SERVICE = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"


class Impossible(Exception):
    """No desktop notification is possible; the text says why."""


class Desktop:
    """The desktop of `environ`. Asks its notification service at once; raises `Impossible`."""

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
        self,
        title: str,
        message: str,
        app_name: str = "Headway",
        timeout: int = SHOWN,
        *,
        urgency: str = "normal",
        value: int | None = None,
    ) -> None:
        """Show a notification for `timeout` seconds. Raise whatever the backend raises.

        `urgency` is "low", "normal" or "critical", `value` a progress in per cent; plyer hands
        these on, and the timeout, only by the way of notify-send, where it calls them otherwise.
        """
        given = {
            "title": title_of(title),
            "message": body_of(message, escapes=self._escapes),
            "app_name": text.safe(app_name),
        }
        if type(self._backend).__name__ == "NotifySendNotification":
            capabilities(self._environ)  # plyer ignores the exit status of notify-send
            hint = "string::" if value is None else f"int:value:{value}"
            milliseconds = str(timeout * 1000)
            self._backend._notify(**given, urgency=urgency, expire_time=milliseconds, hint=hint)
            return
        self._backend.notify(**given, timeout=timeout)


def title_of(title: str) -> str:
    """Return a title that is safe, short, not empty and no option."""
    return string_width.clip(text.safe(title), TITLE_LIMIT).lstrip("- ") or "Headway"


def body_of(body: str, *, escapes: bool) -> str:
    """Return a body that is safe, short, not empty and no option; `escapes` markup."""
    lines = [text.safe(line) for line in body.splitlines() if line.strip()][:LINES_LIMIT]
    made = string_width.clip("\n".join(lines), BODY_LIMIT).lstrip("- ") or " "
    if escapes:
        made = made.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return made


def capabilities(environ: Mapping[str, str]) -> list[str]:
    """Return the capabilities of the notification service. Raise `Impossible` if none runs.

    Without a way to ask, one is assumed that reads markup.
    """
    try:
        dbus: Any = importlib.import_module("dbus")
    except ImportError:
        return _capabilities_by_gdbus(environ)
    try:
        bus: Any = dbus.SessionBus(private=True)
        try:
            service = bus.get_object(_SERVICE, _PATH, introspect=False)
            asked = service.GetCapabilities(dbus_interface=_SERVICE, timeout=ANSWER_TIMEOUT)
        finally:
            bus.close()
    except Exception as error:
        raise Impossible(why(getattr(error, "get_dbus_message", error.__str__)())) from None
    return [str(word) for word in asked]


def _capabilities_by_gdbus(environ: Mapping[str, str]) -> list[str]:
    gdbus = shutil.which("gdbus")
    if gdbus is None:
        return ["body-markup"]
    method = f"{_SERVICE}.GetCapabilities"
    call = [gdbus, "call", "--session", "-d", _SERVICE, "-o", _PATH, "-m", method]
    try:
        asked = subprocess.run(  # noqa: S603 - a fixed command
            [*call, "--timeout", str(int(ANSWER_TIMEOUT))],
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT + 1,
            check=False,
            env=dict(environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Impossible("the notification service does not answer") from None
    if asked.returncode:
        raise Impossible(why(asked.stderr))
    return asked.stdout.replace("'", " ").replace(",", " ").split()


def why(complaint: str) -> str:
    """Return the meaning of a D-Bus error, in words."""
    if "not provided by any" in complaint or "ServiceUnknown" in complaint:
        return "no notification service runs on this desktop session"
    if "Did not receive a reply" in complaint or "Timeout" in complaint:
        return "the notification service does not answer"
    return " ".join(complaint.split()) or "the session bus cannot be reached"


def _linux(environ: Mapping[str, str]) -> Any:
    if not has_bus(environ):
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


def has_bus(environ: Mapping[str, str]) -> bool:
    """Return whether there is a session bus to try."""
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
