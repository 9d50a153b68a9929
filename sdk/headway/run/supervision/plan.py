"""What to run: the command, what it is called, how it is remembered, how it was asked for."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.history_keys import HistoryKeys
    from headway.run.reading.command_line import Command
    from headway.run.time_limit import TimeLimit

# Programs that may be started in another way than as they are, or whose streams are connected in
# another: all wrappers, and the tools with a machine form or with data on standard output. Of
# others no table is loaded before they run.
SPECIAL = frozenset(
    (
        *("apt", "apt-get", "aptitude", "cargo", "curl", "dd", "doas", "dpkg", "eatmydata", "env"),
        *("ffmpeg", "flac", "git", "ionice", "nice", "nohup", "npm", "pv", "setsid", "stdbuf"),
        *("sudo", "time", "timeout", "unxz", "unzstd", "wget", "xz", "zstd"),
    )
)
SPECIAL_STARTS = ("pip", "python", "pypy")


class Plan:
    """What to run: `path` is the executable found for `argv`."""

    def __init__(
        self, argv: list[str], path: str, name: str | None, display: str | None, tool: str | None
    ) -> None:
        self.argv = argv
        self._command: Command | None = None
        self._keys: list[HistoryKeys | None] = []  # once they are known
        self.path = path
        self.name = name  # None to find one
        self.display = display
        self.tool = tool  # whose output to expect; "" for nobody's
        self.labels: dict[str, str] = {}
        self.called: str | None = None  # what it is called among several commands
        self.limit: TimeLimit | None = None  # how long it may take
        self.patched = False  # its Python programs report their bars
        self.link: int | None = None  # the pipe from the coordinator of several commands
        self.notifies = False  # it is given a socket to tell what it would tell systemd

    @property
    def command(self) -> Command:
        """Return the command line as far as it is understood."""
        if self._command is None:
            from headway.run.reading.command_line import parse_command_line  # noqa: PLC0415 - many begin without

            self._command = parse_command_line(self.argv)
        return self._command

    @property
    def is_plain(self) -> bool:
        """Return whether it is started as any command, which needs no table of tools."""
        program = self.argv[0].rpartition("/")[2]
        return not program.startswith(SPECIAL_STARTS) and program not in SPECIAL

    def operation_name(self) -> str:
        """Return what its operation is called."""
        from headway.run.history_keys import working_directory  # noqa: PLC0415 - once it has begun
        from headway.run.parsers.registry import name_command  # noqa: PLC0415

        return (
            self.name
            or self.called
            or name_command(self.command, working_directory(), recipe="MAKELEVEL" in os.environ)
        )

    def history_keys(self) -> HistoryKeys | None:
        """Return how earlier runs of the command are found; None where history is off."""
        if not self._keys:
            from headway.run.history_keys import keys_of  # noqa: PLC0415 - once it has begun

            self._keys.append(keys_of(self.command, self.name, terminal=os.isatty(1)))
        return self._keys[0]
