"""The command as a child process in this process's own group and session.

Where the machine has much left it is simply started. Else it is forked first, while this process
has a single thread, and held at a gate until all that it takes to follow it is there.
"""

from __future__ import annotations

import os

from headway.host.threads import signals as signal
from headway.run.process.fork_gate import ForkGate, run_in_child, spawn

_kill = os.kill  # before reporting wraps it by what it may have to import first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Mapping, Sequence


class Child:
    """A command in this process's own group and session.

    `path` is what is executed as `argv`; `streams` maps its descriptors 0…2 to ours where
    they differ; `kept` are descriptors that it inherits beside those, `ignored` the signals
    that it ignores though we do not. `mask` is its
    signal mask, or None to fork it at once and hold it at the gate. Where it is no `reader` of the
    terminal it has no controlling one, though the keys that signal still reach it.
    """

    def __init__(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        ignored: Sequence[int],
        mask: set[int] | None,
        *,
        reader: bool = True,
    ) -> None:
        self._spawn = lambda environ: spawn(path, argv, streams, kept, environ, mask or ())
        self._gate: ForkGate | None = None
        self.pid = 0  # before it is forked
        self.ended: float | None = None  # when it was seen to end, on the monotonic clock
        prepare = None
        if not reader:
            from headway.run.process.controlling_terminal import give_up_terminal  # noqa: PLC0415 - few need it

            prepare = give_up_terminal

        def fork() -> ForkGate:
            gate = ForkGate(ignored, prepare)
            self.pid = os.fork()
            if self.pid == 0:
                run_in_child(lambda: gate.execute(path, argv, streams, kept, mask))
            return gate

        self._fork = fork
        self._is_spawned = mask is not None and reader
        if mask is None:
            self._gate = fork()

    def wait_until_forked(self) -> None:
        """Return at once: the constructor has forked it."""

    def abandon(self) -> None:
        """End it before it has executed the command."""
        if self.pid and self._gate is not None:
            self._gate.close()
            os.waitpid(self.pid, 0)

    def start(self, environ: Mapping[str, str]) -> None:
        """Let it execute with `environ` added to its environment.

        Raise CannotStart, and OSError where it could not be forked.
        """
        if self._is_spawned:
            self.pid = self._spawn(environ)
            return
        if self._gate is None:
            self._gate = self._fork()
        self._gate.release(environ)

    def take_statuses(self) -> list[int]:
        """Return the new wait statuses: of a stop, or of its end."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:  # another part of the process took the status
            from headway.run.exit_status import UNKNOWN_STATUS  # noqa: PLC0415 - only here

            return [UNKNOWN_STATUS]
        return [status] if pid else []

    def send(self, number: int) -> bool:
        """Send a signal to the command; return whether that was permitted."""
        return send_signal(os.kill, self.pid, number)

    def send_at_once(self, number: int) -> bool:
        """Send it even while another thread is importing, unnoted; return as `send` does."""
        return send_signal(_kill, self.pid, number)

    def send_all(self, number: int) -> bool:
        """Send a signal to the command and its descendants in its process group."""
        from headway.run.process.process_group import descendants_in_group  # noqa: PLC0415 - only now

        answers = [send_signal(os.kill, pid, number) for pid in descendants_in_group(self.pid)]
        return all(answers)

    def resume(self) -> None:
        """Continue it after a stop."""
        self.send_all(signal.SIGCONT)

    def detach(self) -> None:
        """Release what is held for it after its end."""


def send_signal(how: Callable[[int, int], object], target: int, number: int) -> bool:
    """Send a signal by `how`, os.kill or os.killpg; return False where that is not permitted."""
    try:
        how(target, number)
    except ProcessLookupError:
        pass  # it has just ended
    except PermissionError:
        return False
    return True


def ignores_signal(pid: int, number: int) -> bool:
    """Return whether a process ignores a signal; False where that cannot be read."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            ignored = next(line for line in file if line.startswith(b"SigIgn:"))
        return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)
    except (OSError, StopIteration, ValueError, IndexError):
        return False
