"""What there is one of in a process: the lock, the publisher, the open scopes, the link.

`forks` gives a forked child its own of each, and what it inherited stays its parent's: a
handle is foreign where its `home` is not `here()`. `exits` has what is owed at the end of the
program waited for.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from threading import Lock, RLock
from time import monotonic, sleep

from headway.host import propagation, reaping
from headway.interning import Words
from headway.reporting.publisher import Publisher
from headway.reporting.tally import Tally
from headway.reporting.thread import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.reporting.interfaces import Handle

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def identity(length: int) -> str:
    """A new random id of `length` base-32 characters."""
    bits = int.from_bytes(os.urandom(length), "big")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * length, 5))


class Home:
    """The reporting of one process.

    `lock` guards every model, publisher and scope of it. It is held for moments only, never
    while waiting for anybody, and taken again by the same thread in a signal handler.
    """

    def __init__(
        self,
        session: str,
        clock: Callable[[], float] = monotonic,
        *,
        off: bool = False,
        inherited: str | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.off = off  # nothing is sent: everything else works
        self.lock = RLock()
        self.importing = Lock()  # held while the link imports: a fork must not meet that
        self.publisher = Publisher(session, mute=off)
        self.tally = Tally(self.publisher)
        self.tree = propagation.Tree(inherited)
        self.words = Words(1000)
        self.handles: dict[str, Handle] = {}  # the open operations
        self.link: Link | None = None
        self.forked = False  # made in a child that was forked without exec
        self.closed = False  # the program has ended: what comes now is too late
        self.stage_ids = count(1)
        self._files = count(1)

    def wake(self) -> None:
        """There is something to send: start the link, or rouse it."""
        if self.link is not None:
            self.link.wake()
        elif not (self.off or self.closed):
            self._start_link()

    def rouse(self) -> None:
        """As `wake`, unless the link will look within a frame anyway."""
        if self.link is None or self.link.resting:
            self.wake()

    def tell(self, seconds: float) -> None:
        """Wait until changes of state have been handed to the socket, `seconds` at most.

        For a process that is about to stop, its link with it.
        """
        until = self.clock() + seconds
        while self.publisher.unsaid and self.clock() < until:
            sleep(0.005)

    def _start_link(self) -> None:
        with self.lock:
            if self.link is not None or self.off or self.closed:
                return
            try:
                link = Link(self)
            except Exception:  # no real threads or no descriptors to be had
                self.go_without()
                return
            self.link = link
            try:
                link.start()
            except RuntimeError as error:
                self.link = None
                link.close_pipe()
                # Too late for a thread: `end` sees to what there is. Else there is none to be had.
                if "shutdown" not in str(error):
                    self.go_without()
            except BaseException:  # of a signal's handler
                if not link.started:
                    self.link = None
                    link.close_pipe()
                raise
            else:
                for prepare in _at_first:
                    prepare()
                reaping.hide()

    def go_without(self) -> None:
        """Nothing can be sent for good: keep nothing, and let stages count by themselves."""
        with self.lock:
            self.off = True
            self.publisher.lost()
            self.publisher.forget()
            self.tally.rest()

    def next_file(self) -> str:
        """The name of another file of ends for `unsent/`; `session` itself is the last one's."""
        return f"{self.session}-{next(self._files)}"

    def settle(self) -> None:
        """The program ends: settle what it left open, by how it ends."""
        interactive = hasattr(sys, "ps1")
        error: BaseException | None = None if interactive else getattr(sys, "last_value", None)
        with self.lock:
            for handle in list(self.handles.values()):
                handle._settle_left(error)
            for handle in list(self.handles.values()):
                if handle.open:
                    handle._settle(error)
            self.tally.finish()
            self.closed = True

    def end(self, seconds: float) -> None:
        """The process ends: have what is owed delivered, or left in a file; wait so long for it."""
        if self.link is not None:
            self.link.finish(seconds)
        elif self.publisher.operations:
            from headway.reporting import last_resort  # noqa: PLC0415

            last_resort.part(self)
        self.closed = True


def _new_home() -> Home:
    off = os.environ.get("HEADWAY", "").lower() == "off" or os.name == "nt"
    return Home(identity(16), off=off, inherited=propagation.inherited())


_home: Home | None = None
_at_first: list[Callable[[], None]] = []  # what is to be done when a link has started
_made: dict[int, Home] = {}  # pid → the one that was made first, of several threads' tries


def here() -> Home:
    """Return this process's reporting, which is made when first asked for."""
    global _home  # noqa: PLW0603 - one per process is what it is
    home = _home
    if home is None:
        home = _home = _made.setdefault(os.getpid(), _new_home())
    return home


def known() -> Home | None:
    """Return this process's reporting if anybody has asked for it, or else None."""
    return _home


def at_first(prepare: Callable[[], None]) -> None:
    """Call `prepare()` whenever a link has started: first before anything has been sent."""
    _at_first.append(prepare)


def use(home: Home | None) -> Home | None:
    """Report to `home` from now on, in a forked child or a test; returns the one before."""
    global _home
    before, _home = _home, home
    _made.clear()
    return before
