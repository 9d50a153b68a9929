"""The real terminal while it is relayed to a command's pty: its modes, its size, restoring it.

Several of us may be in the foreground of one terminal (`make -j4`). One of them relays it, and
restores it; the others leave its modes alone meanwhile, for they would save raw ones. Should
the one be killed, its monitor restores them (`recover`), or else the next that relays it.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from headway.run.streams.modes_record import ModesRecord
from headway.terminal_mode import RAW, is_relayed, line_mode, raw_attributes, usual_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes

# A full-screen command sets margins to the rows that its pty had when it began.
_WHOLE_SCREEN = b"\x1b7\x1b[r\x1b8"
_SIZE = struct.Struct("HHHH")  # rows, columns, width and height in pixels


class Terminal:
    """The terminal behind descriptor `fd`, and the pty that the command has instead.

    `reserved` tells whether a viewer may draw at the bottom: the command then gets the rows
    above, as long as it does not want the whole screen.
    """

    def __init__(self, fd: int, reserved: bool) -> None:
        self._fd = fd
        self._reserved = reserved
        self._record = ModesRecord(os.fstat(fd).st_rdev, os.getsid(0))
        self._saved: Attributes = self._usual(fd)
        self._mode: str | None = None  # of the command, while the terminal is relayed
        self._lock: int | None = None  # held while we are the one that relays it
        self._size = b""
        self._was_raw = False
        self.master, self.slave = os.openpty()
        termios.tcsetattr(self.slave, termios.TCSANOW, self._saved)
        self.resize()

    @property
    def foreground(self) -> bool:
        """Whether this process's group has the terminal."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            return False

    @property
    def relayed(self) -> bool:
        """Whether the terminal is in raw mode for the command."""
        return self._mode is not None

    def follow(self) -> None:
        """Relay the terminal while this process is in the foreground; follow the pty's mode."""
        if not self.foreground:
            self._mode = None  # the shell has set its own mode
            self._release()
            return
        try:
            mode = line_mode(termios.tcgetattr(self.master))
            if mode == self._mode:
                return
            if self._mode is None:
                if not self._claim(self._fd):
                    return
                relayed = is_relayed(termios.tcgetattr(self._fd))
                self._saved = self._usual(self._fd)
                if not relayed:
                    self._record.write(self._saved)
        except (OSError, termios.error):
            return  # the terminal is gone: a hangup will follow
        self._set(raw_attributes(self._saved, mode))
        self._mode = mode
        self._was_raw = self._was_raw or mode == RAW
        self.resize()

    def restore(self) -> None:
        """Restore the modes that the terminal had; never raise."""
        if self._mode is not None:
            self._mode = None
            if self.foreground:
                self._set(self._saved)
                self._record.remove()
                self._reset_margins()
        self._release()

    def prepare_recovery(self) -> None:
        """Load what `recover` needs: a shell that regains the terminal is as quick as that."""
        try:
            self._record.locate()
        except OSError:
            pass

    def recover(self, fd: int) -> None:
        """Restore the modes for a process that was killed while it relayed the terminal.

        `fd` is the terminal's. Nothing is done where somebody else relays it by now, or a person
        has set its modes since; never raise.
        """
        try:
            if self._claim(fd) and is_relayed(termios.tcgetattr(fd)):
                termios.tcsetattr(fd, termios.TCSANOW, self._usual(fd))
                self._record.remove()
        except (OSError, termios.error):
            pass  # the terminal is gone
        self._release()

    def resize(self) -> None:
        """Give the pty the size that the command may use; the kernel tells the command."""
        try:
            size = fcntl.ioctl(self._fd, termios.TIOCGWINSZ, b"\0" * _SIZE.size)
            rows, columns, width, height = _SIZE.unpack(size)
            if self._reserved and self._mode != RAW:
                height = height * (rows - rows // 3) // rows if rows else height
                rows -= rows // 3
            size = _SIZE.pack(rows, columns, width, height)
            if size != self._size:
                fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
                self._size = size
        except OSError:
            pass  # the terminal is gone: a hangup will follow

    def control(self, key: int) -> bytes:
        """Return the character that stands for `termios.VINTR` and such on the pty, or nothing."""
        attributes = termios.tcgetattr(self.master)
        if not attributes[3] & termios.ISIG:
            return b""
        character: bytes = attributes[6][key]
        return b"" if character == b"\0" else character

    def _usual(self, fd: int) -> Attributes:
        """Return the attributes of the terminal as they are while nobody relays it."""
        attributes = termios.tcgetattr(fd)
        if not is_relayed(attributes):
            return attributes
        return self._record.read() or usual_attributes(attributes)

    def _claim(self, fd: int) -> bool:
        """Become the one that relays the terminal; return False while another process does.

        The kernel frees the lock on its device when its holder is killed. A device of another
        user cannot be opened, and macOS locks none: there the terminal's modes alone tell.
        """
        if self._lock is not None:
            return True
        try:
            flags = os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(os.ttyname(fd), flags)
        except OSError:
            return fd != self._fd or not is_relayed(termios.tcgetattr(fd))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            held = isinstance(error, BlockingIOError)
            return not held and not is_relayed(termios.tcgetattr(fd))
        self._lock = descriptor
        return True

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _reset_margins(self) -> None:
        if self._was_raw:
            self._was_raw = False
            try:
                os.write(self._fd, _WHOLE_SCREEN)
            except OSError:
                pass

    def _set(self, attributes: Attributes) -> None:
        try:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, attributes)
        except (OSError, termios.error):
            pass
