"""What a command is given so that the bars of its Python programs report, unedited.

It finds `headway_patch/site` first on PYTHONPATH, and HEADWAY_BARS, the socket that its
bars are reported on.
"""

from __future__ import annotations

import os

from headway.formatting import picture_support
from headway.host.launch import interpreter
from headway.reporting.reporter import reporter
from headway.reporting.viewers.terminal_viewer import viewer_of
from headway.run.bars.bar_socket import BarSocket

PATCH = "HEADWAY_PATCH"
REPORT = "HEADWAY_BARS"


def site_directory() -> str | None:
    """Return the private directory for PYTHONPATH, or None where it is no real directory."""
    import headway_patch  # noqa: PLC0415 - nothing else of it is needed here

    path = os.path.join(os.path.dirname(os.path.abspath(headway_patch.__file__)), "site")
    return path if os.path.isfile(os.path.join(path, "sitecustomize.py")) else None


class Patch:
    """What a patched command is given, and what listens to it. Raise OSError where it cannot."""

    def __init__(self, display: str | None, terminal: str | None) -> None:
        site = site_directory()
        if site is None:
            raise FileNotFoundError("headway_patch is not in a directory")
        self.socket = BarSocket()
        before = os.environ.get("PYTHONPATH", "")
        first = before.split(os.pathsep)[0] == site
        self.environ = {
            "PYTHONPATH": before if first else f"{site}{os.pathsep}{before}" if before else site,
            REPORT: self.socket.path,
            PATCH: terminal if terminal is not None and _is_drawn(display) else "1",
        }


def _is_drawn(display: str | None) -> bool:
    """Return whether Headway draws on this terminal."""
    display = display or os.environ.get("HEADWAY_DISPLAY") or "auto"
    if display not in ("auto", "live") or not picture_support.drawable(True, os.environ):
        return False
    arguments = viewer_of([display], reporter().session)
    return (
        arguments is not None and "--tty" in arguments and interpreter.find(os.environ) is not None
    )
