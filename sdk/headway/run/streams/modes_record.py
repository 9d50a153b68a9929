"""The modes that a terminal had before it was relayed, in a file that outlives whoever relays it.

Names of terminals are used again, so the record counts only for the session that wrote it: its
leader's process id and start time stand in it.
"""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes


class ModesRecord:
    """The record of one terminal device in the runtime directory; without one it holds nothing."""

    def __init__(self, device: int, session: int) -> None:
        self._name = f"terminal-{os.major(device)}-{os.minor(device)}.modes"
        self._key = (session, _start_time(session))
        self._found: str | None = None

    def write(self, attributes: Attributes) -> None:
        """Keep the modes to give back."""
        data = marshal.dumps((self._key, attributes))
        try:
            path = self.locate()
            new = f"{path}.{os.getpid()}"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
            os.replace(new, path)
        except OSError:
            pass  # then the usual modes are given back

    def read(self) -> Attributes | None:
        """Return the modes to give back, or None where this session has written none."""
        try:
            with open(self.locate(), "rb") as file:
                key, attributes = marshal.loads(file.read())  # noqa: S302 - in our private directory
        except (OSError, ValueError, EOFError, TypeError):
            return None
        return attributes if key == self._key else None

    def remove(self) -> None:
        """Forget them: they have been given back."""
        try:
            os.unlink(self.locate())
        except OSError:
            pass

    def locate(self) -> str:
        """Return its path; raise OSError where there is no private directory."""
        if self._found is None:
            from headway.protocol.endpoint import runtime_directory  # noqa: PLC0415 - not before it is needed

            self._found = os.path.join(runtime_directory(os.environ, os.getuid()), self._name)
        return self._found


def _start_time(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19]
    except (OSError, IndexError):
        return b""
