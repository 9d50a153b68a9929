"""The command as a process of this process's own group and session.

It is forked while this process has one thread, and waits until its environment is known.
"""

from __future__ import annotations

import os

from headway.host.threads import signals as signal
from headway.run.exit_status import UNKNOWN
from headway.run.process.descendants import family
from headway.run.process.fork_gate import Gate, in_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Mapping, Sequence


class Child:
    """A command in this process's own group and session.

    `path` is what is executed as `argv`; `streams` maps its descriptors 0…2 to ours where
    they differ; `kept` are descriptors that it inherits beside those, `ignored` the signals
    that it ignores though we do not.
    """

    def __init__(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        ignored: Sequence[int],
    ) -> None:
        self._gate = Gate(ignored)
        self.pid = os.fork()
        if self.pid == 0:
            in_child(lambda: self._become(path, argv, streams, kept))

    def _become(
        self, path: str, argv: list[str], streams: Mapping[int, int], kept: tuple[int, ...]
    ) -> None:
        for number, descriptor in streams.items():
            os.dup2(descriptor, number)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        self._gate.execute(path, argv)

    def ready(self) -> None:
        """It is there and waits."""

    def abandon(self) -> None:
        """Let it end before it has begun."""
        self._gate.leave()
        os.waitpid(self.pid, 0)

    def start(self, environ: Mapping[str, str]) -> None:
        """Let it run, with `environ` on top of its environment; raises CannotStart."""
        self._gate.let_go(environ)

    def news(self) -> list[int]:
        """Return the wait statuses that are new: of a stop, or of its end."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:  # somebody else has been told
            return [UNKNOWN]
        return [status] if pid else []

    def send(self, number: int) -> bool:
        """Send a signal to the command; whether it was allowed."""
        return kill(os.kill, self.pid, number)

    def send_all(self, number: int) -> bool:
        """Send a signal to the command and what it has started in its group."""
        answers = [kill(os.kill, pid, number) for pid in family(self.pid)]
        return all(answers)

    def resume(self) -> None:
        """Let it go on after a stop."""
        self.send_all(signal.SIGCONT)

    def part(self) -> None:
        """It has ended and nobody is interested any more."""


def kill(how: Callable[[int, int], object], target: int, number: int) -> bool:
    """Send a signal by `how`, os.kill or os.killpg; False where that is not allowed."""
    try:
        how(target, number)
    except ProcessLookupError:
        pass  # it has just ended
    except PermissionError:
        return False
    return True
