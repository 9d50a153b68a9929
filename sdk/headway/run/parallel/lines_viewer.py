"""Plain or JSON lines about several commands, on the standard error that they do not have.

Shell. One viewer process writes them for all: it is told the pid of each command.
"""

from __future__ import annotations

import os
import select

from headway.formatting import picture_support
from headway.host import identity

FINISH_SECONDS = 2.0  # for the last lines, which wait for the broker
SUMMARY_SECONDS = 10.0  # for the table of a CI job's step, which ends with this process
KINDS = ("plain", "json")


class LinesViewer:
    """The viewer process, if lines are `wanted` and it could be started."""

    def __init__(self) -> None:
        self.wanted = False
        self._pids: int | None = None
        self._end: int | None = None

    @classmethod
    def start(cls, display: str | None) -> LinesViewer:
        """Start it where `display`, or else the environment, asks for lines."""
        lines = cls()
        kind = display or os.environ.get("HEADWAY_DISPLAY") or "auto"
        terminal = identity.terminal() is not None
        drawn = picture_support.drawable(terminal, os.environ)
        lines_wanted = picture_support.appends_lines(terminal, os.environ)
        if kind in ("auto", "live") and not drawn and lines_wanted:
            kind = "plain"
        if kind in KINDS and os.environ.get("HEADWAY", "").lower() != "off":
            lines.wanted = True
            try:
                lines._spawn(kind)
            except OSError:
                pass  # the commands are run all the same
        return lines

    def add(self, pid: int) -> None:
        """Tell it of a command."""
        if self._pids is not None:
            try:
                os.write(self._pids, b"%d\n" % pid)
            except OSError:
                pass  # it was killed

    def finish(self) -> None:
        """Let it end, and wait for its last lines."""
        if self._pids is None or self._end is None:
            return
        os.close(self._pids)
        summary = bool(os.environ.get("GITHUB_STEP_SUMMARY"))
        select.select([self._end], [], [], SUMMARY_SECONDS if summary else FINISH_SECONDS)
        os.close(self._end)

    def _spawn(self, kind: str) -> None:
        from headway.host.files import key_files  # noqa: PLC0415 - only for lines
        from headway.host.launch import detached_process, interpreter  # noqa: PLC0415 - only for lines

        python = interpreter.find(os.environ)
        if python is None or not key_files.may_follow(os.environ, os.getuid()):
            return
        pids, self._pids = os.pipe()
        self._end, held = os.pipe()  # closed by the end of the viewer
        command = [python.path, "-m", "headway_viewer.terminal", "--session", "several"]
        command += ["--lines", kind, "--pid", str(os.getpid()), "--pids", str(pids)]
        try:
            detached_process.spawn(
                command, os.environ, foreign=python.foreign, terminal=True, keep=(pids, held)
            )
        finally:
            os.close(pids)
            os.close(held)
