"""Follow the terminal of a command: its modes, its size, its keys, and who restores it."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.run.process.child import Child
    from headway.run.process.pty_session import PtyChild
    from headway.run.process.watchdog import Watchdog
    from headway.run.streams.keyboard import Keyboard
    from headway.run.streams.output_terminal import OutputTerminal
    from headway.run.streams.plumbing import Plumbing

# Seconds after which a command on a terminal gets a watchdog. One that ends sooner, as most do,
# needs none; doubled, so would be the time in which it is left behind where we are killed.
WATCH_AFTER = 0.5
# Seconds between two looks while another process group has a relayed terminal. Nothing announces
# that we are in the foreground again; a person who types `fg` does not notice this long.
BACKGROUND_INTERVAL = 0.25


class TerminalFollower:
    """Follows the terminal that a command has, if it has one."""

    def __init__(self, plumbing: Plumbing, child: Child | PtyChild) -> None:
        self.keyboard: Keyboard | None = None  # passes the command keys
        self._plumbing = plumbing
        self._child = child
        self._watchdog: Watchdog | None = None

    def relay_keys(self) -> None:
        """Pass keys on where the command has a pty of its own. Raise OSError, RuntimeError."""
        relayed = self._plumbing.relayed_terminal
        if relayed is not None:
            relayed.follow()
            self._start_keyboard(
                relayed.master, relayed.takes_keys, BACKGROUND_INTERVAL, relayed.interrupts
            )

    def follow(self, begun: float) -> None:
        """Follow the modes and the size of the command's terminal; it was started at `begun`."""
        relayed, output = self._plumbing.relayed_terminal, self._plumbing.output_terminal
        if relayed is not None:
            relayed.follow()
        if output is None:
            return
        output.follow()
        output.follow_size()
        if output.changed and self.keyboard is None:
            from headway.run.process.terminal_readers import reads_from  # noqa: PLC0415 - few need it
            from headway.run.streams.pager_keys import LOOK_INTERVAL, PagerKeys  # noqa: PLC0415

            keys = PagerKeys(output, lambda: reads_from(self._child.pid, output.name))
            try:
                self._start_keyboard(output.master, keys.wanted, LOOK_INTERVAL, _never)
            except (OSError, RuntimeError):
                pass  # no thread or descriptor is left: only a pager misses its keys
        late = begun and time.monotonic() - begun >= WATCH_AFTER
        if self._watchdog is None and (late or output.changed):
            self._start_watchdog(output)

    def _start_keyboard(
        self,
        master: int,
        wanted: Callable[[], bool],
        interval: float,
        interrupts: Callable[[bytes], bool],
    ) -> None:
        from headway.run.streams.keyboard import Keyboard  # noqa: PLC0415 - few need it

        keyboard = Keyboard(2, master, wanted, interval, interrupts)
        keyboard.start()
        self.keyboard = keyboard

    def _start_watchdog(self, output: OutputTerminal) -> None:
        from headway.run.process.watchdog import Watchdog  # noqa: PLC0415 - not for a short command

        kept = output.prepare_recovery()
        if kept is None:
            return
        try:
            self._watchdog = Watchdog(self._child.pid, kept, output.recover)
        except OSError:
            pass  # no more processes: the command runs without it

    def dismiss_watchdog(self) -> None:
        """End the process that would restore the terminal: it is restored."""
        if self._watchdog is not None:
            self._watchdog.dismiss()
            self._watchdog = None


def _never(_: bytes) -> bool:
    return False  # the kernel makes a signal of such a key
