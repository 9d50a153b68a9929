"""A pty for a command's output alone, beside the real terminal that stays the command's input.

The pty controls nothing: the command is in our session and process group, and the real terminal
edits, echoes, and turns keys into signals. Only the modes that a command sets through its output,
as curses does, become the real terminal's, and are given back.

Several of us may be in the foreground of one terminal (`make -j4`). One at a time changes its
modes, and gives back those that it found: whoever has the role in
`headway.host.files.terminal_locks`.
"""

from __future__ import annotations

import os
import termios
import threading

from headway.host.threads import signals as signal
from headway.run.streams.mode_recovery import give_back_modes
from headway.run.streams.pty_newlines import NEWLINES, PtyNewlines, makes_newlines
from headway.run.streams.pty_window import PtyWindow, in_foreground
from headway.terminal_mode import (
    LINE,
    is_relayed,
    line_mode,
    usual_attributes,
    with_changes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.host.files.terminal_locks import TerminalLock
    from headway.terminal_mode import Attributes

_OFLAG, _LFLAG = 1, 3


class OutputTerminal:
    """The pty before the terminal behind descriptor `fd`.

    `reserved` tells whether a viewer may draw at the bottom: the pty then has the rows above, as
    long as nobody reads single keys. `signal_command` sends the command a signal that the kernel
    would send if the pty were its controlling terminal.
    """

    def __init__(self, fd: int, reserved: bool) -> None:
        self._fd = fd
        self._saved: Attributes | None = None  # to give back, while its modes are the command's
        self._changed: Attributes | None = None
        self._lock: TerminalLock | None = None
        self._following = threading.Lock()
        self.signal_command: Callable[[int], object] = _tell_nobody
        self._refused = False  # it wants other modes in the background, and must not write
        self._told = False  # and has been told so, since it was continued
        self._given_back = False  # this process stops, or has stopped, with the command
        self.master, self.slave = os.openpty()
        self.name = os.ttyname(self.slave)
        attributes = termios.tcgetattr(fd)
        if line_mode(attributes) != LINE or is_relayed(attributes):
            attributes = usual_attributes(attributes)  # else a shell's at its prompt
        # Newlines are made where they are written; the real terminal does all else.
        attributes[_OFLAG] &= NEWLINES if makes_newlines(attributes) else 0
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        self._plain = self._seen = termios.tcgetattr(self.slave)
        self._newlines = PtyNewlines(fd, self.master)
        self._window = PtyWindow(fd, self.master, reserved)  # in the real terminal's mode

    @property
    def foreground(self) -> bool:
        """Return whether the terminal is the command's to change.

        One that does not control us, as under `su -c`, is taken for so: the command beside us sets
        its modes as it would without us.
        """
        return in_foreground(self._fd, uncontrolled=True)

    @property
    def changed(self) -> bool:
        """Return whether the real terminal has modes that the command set through its output."""
        return self._saved is not None

    @property
    def gives_keys(self) -> bool:
        """Return whether the command has set its pty to give single keys."""
        return not termios.tcgetattr(self.master)[_LFLAG] & termios.ICANON

    def follow(self) -> None:
        """Make the modes that the command has set through its output the real terminal's.

        Called now and then, for nothing announces a change; and before the command is continued.
        """
        if self._following.acquire(blocking=self._given_back):
            try:
                resumed, self._given_back = self._given_back, False
                self._try_to_follow(tell=not resumed)  # SIGCONT is to come, and would undo it
            finally:
                self._following.release()

    def may_write(self) -> bool:
        """Follow before the command's output is written; return whether that may be.

        It may not while it wants other modes in the background. Whoever follows just now is waited
        for: the command may be answered once its output is there, in the modes that it has set.
        """
        with self._following:
            if not self._given_back:
                self._try_to_follow(tell=True)
            return not self._refused

    def pass_on(self, chunk: bytes) -> bytes:
        """Return what the real terminal is to be given for what the command has written."""
        with self._following:
            try:
                return self._newlines.pass_on(chunk)
            except (OSError, termios.error):
                return chunk  # the terminal is gone: a hangup will follow

    def leave(self) -> None:
        """Let others relay, byte for byte, what the command's background processes write."""
        self._newlines.leave_to_terminal()

    def _try_to_follow(self, *, tell: bool) -> None:
        try:
            self._follow_modes(tell=tell)
        except (OSError, termios.error):
            pass  # the terminal is gone: a hangup will follow

    def follow_size(self) -> None:
        """Follow the mode of the real terminal: who reads single keys has the whole screen.

        Called now and then: after the first second the rows for a viewer are taken off.
        """
        try:
            mode = line_mode(termios.tcgetattr(self._fd)) if self.foreground else None
        except (OSError, termios.error):
            return
        if self._window.enter(mode):
            self.signal_command(signal.SIGWINCH)

    def restore(self) -> None:
        """Give back the modes that the command has set through its output, until `follow`.

        Never raises.
        """
        with self._following:
            try:
                self._follow_modes(tell=False)
                if self._saved is not None and self.foreground:
                    self._change(self._restored(self._saved))
            except (OSError, termios.error):
                pass
            self._release()
            self._seen = self._plain
            self._told = False
            self._given_back = True
        if self.foreground:
            self._window.reset_margins()

    def with_margins(self, data: bytes) -> bytes:
        """Return what the real terminal is given for `data`, whose margins are the command's."""
        return self._window.with_margins(data)

    def resize(self) -> None:
        """Give the pty the size that the command may use, and tell the command."""
        if self._window.resize():
            # The kernel tells the group that a terminal controls: this pty has none.
            self.signal_command(signal.SIGWINCH)

    def prepare_recovery(self) -> tuple[int, ...] | None:
        """Return the descriptors that `recover` needs in a process that is forked next.

        None while the modes are just being changed.
        """
        if not self._following.acquire(blocking=False):
            return None
        try:
            file = self._role().fileno()
        finally:
            self._following.release()
        return (self._fd,) if file is None else (self._fd, file)

    def recover(self) -> None:
        """Restore the modes for a process that was killed while they were its command's."""
        give_back_modes(self._fd, self._role())

    def _follow_modes(self, *, tell: bool) -> None:
        seen = termios.tcgetattr(self.master)
        seen[_OFLAG] |= self._newlines.withheld
        self._refused = seen != self._seen and not self.foreground
        if self._refused and tell and not self._told:
            self._told = True
            self.signal_command(signal.SIGTTOU)  # as the kernel does with its own terminal
        if seen == self._seen or self._refused:
            self._told = self._told and self._refused
            return
        self._told = False
        if self._saved is None and not self._claim():
            return
        now = termios.tcgetattr(self._fd)
        wanted = with_changes(now, self._seen, seen)
        self._seen = seen
        self._change(wanted)
        if seen == self._plain:
            self._release()

    def _restored(self, saved: Attributes) -> Attributes:
        """Return the modes without what the command set: what a person has set since stays."""
        now = termios.tcgetattr(self._fd)
        if now == self._changed:
            return saved
        return with_changes(now, self._seen, self._plain)

    def _change(self, attributes: Attributes) -> None:
        self._changed = attributes
        if self._lock is not None and self._saved is not None:
            self._lock.record_modes(self._saved, attributes)
        termios.tcsetattr(self._fd, termios.TCSADRAIN, attributes)

    def _claim(self) -> bool:
        """Become the one that changes the terminal's modes; return False while another does."""
        role = self._role()
        if not role.acquire():
            return False
        give_back_modes(self._fd, role)
        now = termios.tcgetattr(self._fd)
        if is_relayed(now):  # for another user's, whose lock is elsewhere
            role.release()
            return False
        self._saved = now
        return True

    def _role(self) -> TerminalLock:
        if self._lock is None:
            from headway.host.files.terminal_locks import MODES, TerminalLock  # noqa: PLC0415 - few need it

            self._lock = TerminalLock(self._fd, MODES)
        return self._lock

    def _release(self) -> None:
        self._saved = self._changed = None
        if self._lock is not None and self._lock.held:
            self._lock.forget()
            self._lock.release()


def _tell_nobody(_: int) -> None:
    pass
