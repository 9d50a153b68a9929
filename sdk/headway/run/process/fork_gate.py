"""Execute a command: at once, or in a process that was forked early and waits at a gate."""

from __future__ import annotations

import errno
import os

from headway.host.threads import signals as signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Collection, Mapping, NoReturn, Sequence

_GO = b"go\0"
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")  # from the interpreter's start on


class CannotStart(OSError):
    """The command could not be executed; `errno` says why."""


class ForkGate:
    """Two pipes: one carries the environment to the child, one the errno of a failed execve.

    `ignored` are signals that this process was started with ignored and no longer ignores.
    `prepare` is called in the child when it is released, before it executes the command.
    """

    def __init__(
        self, ignored: Sequence[int] = (), prepare: Callable[[], object] | None = None
    ) -> None:
        self._ignored = ignored
        self._prepare = prepare
        self._go, self._open = os.pipe()
        self._failed, self._fail = os.pipe()

    def release(self, environ: Mapping[str, str]) -> None:
        """Let the child execute with `environ` added to its own; raise CannotStart."""
        os.close(self._go)
        os.close(self._fail)
        data = _GO + b"\0".join(os.fsencode(f"{name}={value}") for name, value in environ.items())
        try:
            while data:
                data = data[os.write(self._open, data) :]
        except OSError:
            pass  # it is gone, which is told below
        os.close(self._open)
        number = os.read(self._failed, 16)
        os.close(self._failed)
        if number:
            code = int(number)
            raise CannotStart(code, os.strerror(code))

    def close(self) -> None:
        """Close the pipes: a child that still waits at the gate exits."""
        for descriptor in (self._go, self._open, self._failed, self._fail):
            os.close(descriptor)

    def execute(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: Sequence[int],
        mask: Collection[int] | None = None,
    ) -> NoReturn:
        """Wait for the release, then execute the command. Runs in the child.

        `streams` maps its descriptors 0…2 to ours where they differ, `kept` are others that it
        inherits; `mask` is its signal mask, None for ours.
        """
        for number, descriptor in streams.items():
            os.dup2(descriptor, number)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        os.close(self._open)
        os.close(self._failed)
        data = b""
        while True:
            part = os.read(self._go, 65536)
            if not part:
                break
            data += part
        if not data.startswith(_GO):
            os._exit(127)
        environ = dict(os.environb)
        for item in data[len(_GO) :].split(b"\0"):
            name, found, value = item.partition(b"=")
            if found:
                environ[name] = value
        os.close(self._go)
        for number in self._ignored:
            signal.signal(number, signal.SIG_IGN)
        if self._prepare is not None:
            self._prepare()
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            execute(path, argv, environ)
        except OSError as error:
            self._report_error(error.errno or errno.EIO)

    def _report_error(self, number: int) -> NoReturn:
        os.write(self._fail, str(number).encode())
        os._exit(127)


def execute(path: str, argv: list[str], environ: Mapping[bytes, bytes]) -> NoReturn:
    """Execute the command in place of this process; raise OSError where that fails."""
    try:
        os.execve(path, argv, environ)  # noqa: S606 - what the user asked for
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script without "#!": every shell runs it by /bin/sh.
    os.execve("/bin/sh", ["/bin/sh", path, *argv[1:]], environ)  # noqa: S606


def spawn(
    path: str,
    argv: list[str],
    streams: Mapping[int, int],
    kept: Sequence[int],
    environ: Mapping[str, str],
    mask: Collection[int],
) -> int:
    """Start the command as a child process; return its pid.

    `environ` is added to its environment, `mask` is its signal mask; the rest is as in `execute` of
    the gate. Raise CannotStart where it cannot be executed, OSError where none can be forked.
    """
    variables = dict(os.environb)
    variables.update((os.fsencode(name), os.fsencode(value)) for name, value in environ.items())
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    options: dict[str, Any] = {
        "file_actions": [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in streams.items()],
        "setsigmask": mask,
        "setsigdef": [
            getattr(signal, name) for name in _IGNORED_BY_PYTHON if hasattr(signal, name)
        ],
    }
    try:
        try:
            return os.posix_spawn(path, argv, variables, **options)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
        return os.posix_spawn("/bin/sh", ["/bin/sh", path, *argv[1:]], variables, **options)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE):
            raise
        code = error.errno or errno.EIO
        raise CannotStart(code, os.strerror(code)) from None


def restore_default_signals() -> None:
    """Restore the default of those signals that the interpreter ignores."""
    for name in _IGNORED_BY_PYTHON:
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_DFL)


def close_all_but(kept: Collection[int]) -> None:
    """Close all descriptors of this process but these."""
    try:
        found = list(map(int, os.listdir("/dev/fd")))
    except OSError:
        found = list(range(os.sysconf("SC_OPEN_MAX")))
    for descriptor in found:
        if descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                pass  # that of the listing


def run_in_child(act: Callable[[], None]) -> NoReturn:
    """Run `act` in a process that was just forked and must never return into the program."""
    try:
        restore_default_signals()
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        act()
    finally:
        os._exit(127)
