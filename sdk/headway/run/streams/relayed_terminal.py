"""The real terminal while it is relayed to a pty that controls the command.

For the few commands that need a controlling terminal of their own. Whoever holds the role of the
terminal's modes relays it and restores it; others leave its modes alone meanwhile, for they would
save raw ones. Should the holder be killed, its monitor restores them (`recover`), or else the next
that takes the role.
"""

from __future__ import annotations

import os
import termios

from headway.host.files.terminal_locks import MODES, TerminalLock
from headway.run.streams.mode_recovery import give_back_modes
from headway.run.streams.pty_window import PtyWindow, in_foreground
from headway.terminal_mode import is_relayed, line_mode, raw_attributes, usual_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes


class RelayedTerminal:
    """The terminal behind descriptor `fd`, and the pty that the command has instead.

    `reserved` tells whether a viewer may draw at the bottom: the command then gets the rows
    above, as long as it does not want the whole screen.
    """

    def __init__(self, fd: int, reserved: bool) -> None:
        self._fd = fd
        self._lock = TerminalLock(fd, MODES)
        self._saved: Attributes = self._usual(fd)
        self.master, self.slave = os.openpty()
        self.name = os.ttyname(self.slave)
        termios.tcsetattr(self.slave, termios.TCSANOW, self._saved)
        # In the command's mode, while the terminal is relayed.
        self._window = PtyWindow(fd, self.master, reserved)

    @property
    def foreground(self) -> bool:
        """Return whether this process's group has the terminal.

        It has controlled us when we began. One that no longer does is not relayed: its keys are
        another session's.
        """
        return in_foreground(self._fd, uncontrolled=False)

    @property
    def relayed(self) -> bool:
        """Return whether the terminal is in raw mode for the command."""
        return self._window.mode is not None

    def follow(self) -> None:
        """Relay the terminal while this process is in the foreground; follow the pty's mode."""
        if not self.foreground:
            self._window.mode = None  # the shell has set its own mode
            self._lock.release()
            return
        try:
            mode = line_mode(termios.tcgetattr(self.master))
            if mode == self._window.mode:
                self._window.resize()  # once the rows for a viewer are taken off
                return
            if self._window.mode is None and not self._claim():
                return
        except (OSError, termios.error):
            return  # the terminal is gone: a hangup will follow
        changed = raw_attributes(self._saved, mode)
        self._lock.record_modes(self._saved, changed)
        self._set(changed)
        self._window.enter(mode)

    def restore(self) -> None:
        """Restore the modes that the terminal had; never raise."""
        if self._window.mode is not None:
            self._window.mode = None
            if self.foreground:
                self._set(self._saved)
                self._lock.forget()
                self._window.reset_margins()
        self._lock.release()

    def recover(self, fd: int) -> None:
        """Restore the modes for a process that was killed while it relayed the terminal `fd`."""
        give_back_modes(fd, self._lock)

    def with_margins(self, data: bytes) -> bytes:
        """Return what the real terminal is given for `data`, whose margins are the command's."""
        return self._window.with_margins(data)

    def resize(self) -> None:
        """Give the pty the size that the command may use; the kernel tells the command."""
        self._window.resize()

    def control(self, key: int) -> bytes:
        """Return the character that stands for `termios.VINTR` and such on the pty, or nothing."""
        attributes = termios.tcgetattr(self.master)
        if not attributes[3] & termios.ISIG:
            return b""
        character: bytes = attributes[6][key]
        return b"" if character == b"\0" else character

    def interrupts(self, keys: bytes) -> bool:
        """Return whether one of the keys interrupts or quits the command."""
        characters = (self.control(key) for key in (termios.VINTR, termios.VQUIT))
        return any(character and character in keys for character in characters)

    def takes_keys(self) -> bool:
        """Return whether what is typed at the terminal is the command's."""
        return self.relayed and self.foreground

    def _usual(self, fd: int) -> Attributes:
        """Return the attributes of the terminal as they are while nobody relays it."""
        attributes = termios.tcgetattr(fd)
        if not is_relayed(attributes):
            return attributes
        owed = self._lock.modes
        return usual_attributes(attributes) if owed is None else owed[0]

    def _claim(self) -> bool:
        """Become the one that relays the terminal; return False while another process does.

        Where its lock cannot be shared, as between two users, the terminal's modes alone tell.
        """
        if not self._lock.acquire():
            return False
        give_back_modes(self._fd, self._lock)
        attributes = termios.tcgetattr(self._fd)
        if is_relayed(attributes):
            self._lock.release()
            return False
        self._saved = attributes
        return True

    def _set(self, attributes: Attributes) -> None:
        try:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, attributes)
        except (OSError, termios.error):
            pass
