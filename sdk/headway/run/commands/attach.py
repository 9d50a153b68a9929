"""`headway attach`: report a process that runs already, from what the kernel tells of it."""

from __future__ import annotations

import os
import signal
import time

from headway.model import UNLEARNED
from headway.run.exit_status import exit_status, outcome_of
from headway.run.kernel.file_locks import find_holder
from headway.run.kernel.input_follower import InputFollower
from headway.run.kernel.looks import ProcessLooks
from headway.run.kernel.process_handle import ProcessHandle
from headway.run.kernel.process_tree import STOPPED, ZOMBIE, process_status, process_tree
from headway.run.progress.input_reporter import InputReporter
from headway.run.progress.operation_updater import OperationUpdater
from headway.run.stderr import print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from headway.run.kernel.looks import Walk

USAGE = "usage: headway attach [--name N] [--display MODE] PID"
HELP = f"""{USAGE}

Report a process that runs already: how far it is through the files that it reads, whether it is
stopped or waits for a lock, and its end. Nothing is done to it; Ctrl+C lets go of it, as does the
end of the terminal.

options:
  --name N        call the operation N (default: the program and what it works on)
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  -h, --help      show this

How it ended Linux tells from 6.15 on; before, it may not be known, and its state is "ended":
neither a success nor a failure. It teaches nothing, as its beginning was not seen.

exit status: that of the process, 128+N if it died of signal N; 5 if nobody can know how it ended,
or you let go of it; 2 wrong usage, 3 it cannot be attached, with the reason, 4 there is no such
process.

examples:
  headway attach 4711
  headway attach $(pgrep -n rsync)
"""
WRONG, REFUSED, NONE, NOT_JUDGED = 2, 3, 4, 5
DISPLAYS = ("auto", "live", "plain", "json", "quiet")
KERNEL_THREAD = 0x200000  # PF_KTHREAD, of the flags of a process
TICK = 0.25  # seconds between two looks at whether something is due
STATE_SECONDS = 1.0  # between two looks at its state and at locks
# Seconds for which its parent is given the time to wait for it: until then nobody else is told how
# it ended.
STATUS_SECONDS = 5.0
LEAVING = (signal.SIGTERM, signal.SIGHUP)  # as Ctrl+C
UNKNOWN_END = "how is not known"
LET_GO = "no longer attached"


class CannotAttach(Exception):
    """A process cannot be attached; the text says why, `status` is the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def main(arguments: Sequence[str]) -> int:
    """Run `headway attach` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        from headway.host.terminfo import show_help  # noqa: PLC0415 - not for the command

        show_help(HELP)
        return 0
    values: dict[str, str | None] = {"--name": None, "--display": None}
    pid: int | None = None
    while arguments:
        option, given, value = arguments.pop(0).partition("=")
        if option in values and (given or arguments):
            values[option] = value if given else arguments.pop(0)
        elif option.isdecimal() and option.isascii() and len(option) < 10 and pid is None:
            pid = int(option)
        elif pid is None and not option.startswith("-"):
            return _fail(f"{option} is no process id; see `headway attach --help`", WRONG)
        else:
            return _fail(f"{option} makes no sense here; see `headway attach --help`", WRONG)
    if pid is None:
        return _fail("which process?; see `headway attach --help`", WRONG)
    if values["--display"] is not None and values["--display"] not in DISPLAYS:
        return _fail("--display takes one of " + ", ".join(DISPLAYS), WRONG)
    try:
        handle = attach(pid)
    except CannotAttach as error:
        return _fail(f"{pid}: {error}", error.status)
    try:
        return Attachment(handle, values["--name"], values["--display"]).follow()
    finally:
        handle.close()


def attach(pid: int) -> ProcessHandle:
    """Return a handle of a process of this user; raise CannotAttach."""
    if pid == os.getpid():
        raise CannotAttach("it is this very process", REFUSED)
    if pid == 1:
        raise CannotAttach("it is the first process of the system, which does not end", REFUSED)
    if pid:  # 0 would be all of this group
        _require_visible(pid)
    status = process_status(pid)
    if status is None:
        raise CannotAttach("there is no such process", NONE)
    if status.flags & KERNEL_THREAD:
        raise CannotAttach("it is a thread of the kernel", REFUSED)
    facts = _facts(pid)
    if facts.get("Tgid", str(pid)) != str(pid):
        raise CannotAttach(f"it is a thread of process {facts['Tgid']}", REFUSED)
    owner = facts.get("Uid", "").split()
    if os.getuid() != 0 and owner and owner[0] != str(os.getuid()):
        raise CannotAttach("it belongs to another user", REFUSED)
    if status.state == ZOMBIE:
        raise CannotAttach("it has ended, and its parent has not waited for it", REFUSED)
    try:
        return ProcessHandle(pid)
    except ProcessLookupError:
        raise CannotAttach("there is no such process", NONE) from None


def _require_visible(pid: int) -> None:
    """Raise CannotAttach where a process is not there, or /proc does not show it."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        raise CannotAttach("it belongs to another user", REFUSED) from None
    except (ProcessLookupError, OverflowError):
        raise CannotAttach("there is no such process", NONE) from None
    if not os.path.exists(f"/proc/{pid}/stat"):
        raise CannotAttach("/proc does not show it", REFUSED)


def _facts(pid: int) -> dict[str, str]:
    """Return the lines of /proc/PID/status by their name."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            pairs = (line.partition(":") for line in file)
            return {name: value.strip() for name, _, value in pairs}
    except OSError:
        return {}


class Attachment:
    """The operation of an attached process, from here to its end."""

    def __init__(self, handle: ProcessHandle, name: str | None, display: str | None) -> None:
        from headway.api.opening import operation  # noqa: PLC0415 - not for what is refused

        self._handle = handle
        self._operation: Any = operation(
            name or _name_of(handle.pid), key=UNLEARNED, display=display, cancellable=False
        )
        self._updater = OperationUpdater(self._operation)
        self._watch = InputFollower(handle.pid, time.monotonic())
        self._input = InputReporter(self._updater)
        self._looks = ProcessLooks(handle.pid)
        self._looks.add(self._look)
        self._waits: str | None = None
        self._next_state = 0.0
        self._leaving = False

    def follow(self) -> int:
        """Follow it to its end; return the exit status."""
        # The end of this program, as of its terminal, is none of what it only looks at.
        for number in LEAVING:
            if signal.getsignal(number) == signal.SIG_DFL:  # `nohup` ignores one
                signal.signal(number, self._leave)
        self._operation.start()
        ended = False
        try:
            while not (ended or self._leaving):
                now = time.monotonic()
                self._looks.look(now, output=False)
                self._look_at_state(now)
                ended = self._handle.wait(TICK)
        except KeyboardInterrupt:
            self._leaving = True
        if ended:
            return self._end()
        self._operation.end(LET_GO)
        return NOT_JUDGED

    def _leave(self, *_: object) -> None:
        self._leaving = True

    def _look(self, found: Walk, now: float) -> None:
        look = self._watch.take(found, now)
        if look is not None:
            self._input.take(look, now)

    def _look_at_state(self, now: float) -> None:
        """Tell whether it is stopped, or waits for a lock."""
        if now < self._next_state:
            return
        self._next_state = now + STATE_SECONDS
        status = process_status(self._handle.pid)
        reason = None
        if status is not None and status.state == STOPPED:
            reason = "a signal to continue: it is stopped"
        elif status is not None and status.state == "S":
            reason = self._lock()
        if reason != self._waits:
            self._waits = reason
            if reason is None:
                self._operation.resume()
            else:
                self._operation.wait(reason)

    def _lock(self) -> str | None:
        try:
            with open("/proc/locks", encoding="ascii", errors="replace") as file:
                holder = find_holder(file, process_tree(self._handle.pid))
        except OSError:
            return None
        return None if holder is None else f"a file lock, held by process {holder}"

    def _end(self) -> int:
        status = self._handle.wait_status()
        until = time.monotonic() + STATUS_SECONDS
        while status is None and time.monotonic() < until and self._is_zombie():
            if self._leaving:
                break
            time.sleep(0.05)
            status = self._handle.wait_status()
        if status is None:
            self._operation.end(UNKNOWN_END)
            return NOT_JUDGED
        code = exit_status(status)
        if code == 0:
            self._input.finish(self._watch.finished())
        self._updater.end(outcome_of(status, None, None, False, None, time.monotonic()), code)
        return code

    def _is_zombie(self) -> bool:
        status = process_status(self._handle.pid)
        return status is not None and status.started == self._handle.started


def _name_of(pid: int) -> str:
    """Return the operation's name: what `headway run` would call the command."""
    from headway.run.parsers.registry import name_command  # noqa: PLC0415
    from headway.run.reading.command_line import parse_command_line  # noqa: PLC0415

    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(1 << 20).rstrip(b"\0").split(b"\0")
        argv = [os.fsdecode(word) for word in words]
        if argv[0]:
            return name_command(parse_command_line(argv), os.readlink(f"/proc/{pid}/cwd"))
    except (OSError, ValueError):
        pass
    status = process_status(pid)
    return f"process {pid}" if status is None else status.program


def _fail(text: str, code: int) -> int:
    print_error(text, "attach")
    return code
