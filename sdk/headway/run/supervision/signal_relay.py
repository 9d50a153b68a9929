"""Pass signals on to the command, where the kernel has not sent them to it as well."""

from __future__ import annotations

import os

from headway.host.threads import signals as signal
from headway.run.process.signal_forwarding import FORWARDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.run.process.child import Child
    from headway.run.process.pty_session import PtyChild
    from headway.run.process.signal_forwarding import ReceivedSignal
    from headway.run.streams.relayed_terminal import RelayedTerminal


class SignalRelay:
    """Passes signals on to `child`, whose terminal we relay, or None."""

    def __init__(self, child: Child | PtyChild, terminal: RelayedTerminal | None) -> None:
        self._child = child
        self._terminal = terminal

    def pass_on(self, heard: ReceivedSignal) -> bool:
        """Pass on a signal to end, to stop, or of the user's; return False of any other.

        What is of this process alone, such as a new size, is for who follows the command.
        """
        return self._pass_on(heard, self._child.send)

    def pass_on_at_once(self, heard: ReceivedSignal) -> bool:
        """Do so while the main thread may be importing: this waits for no import."""
        return self._pass_on(heard, self._child.send_at_once)

    def _pass_on(self, heard: ReceivedSignal, send: Callable[[int], bool]) -> bool:
        number = heard.number
        if number not in FORWARDED and number != signal.SIGTSTP:
            return False
        sent = self._has_reached(heard) or send(number)
        if not sent and number != signal.SIGTSTP:
            self.interrupt_by_key()
        return True

    def interrupt_by_key(self) -> None:
        """Let the pty's line discipline interrupt: that reaches another user's command."""
        if self._terminal is None:
            return
        import termios  # noqa: PLC0415 - a terminal has loaded it

        try:
            os.write(self._terminal.master, self._terminal.control(termios.VINTR))
        except (OSError, termios.error):
            pass

    def _has_reached(self, heard: ReceivedSignal) -> bool:
        """Return whether a signal has reached the command, too: it came to our whole group."""
        if not heard.from_terminal or self._terminal is not None:
            return False
        # That its terminal is gone the kernel tells the leader of a session alone.
        return heard.number != signal.SIGHUP or os.getsid(0) != os.getpid()
