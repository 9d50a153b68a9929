"""The will of this process, and the note in that of a child that this one ends.

`multiprocessing.Pool` ends its workers by a signal at the end of its block, and so does whatever
else loses patience with a process. What a worker has told another process (the result of a task) it
has told in its will before: what it ended and counted by then is not lost, whether or not a broker
has heard of it. Absent: the form of the file (`host.files.will`), and what calls this (`exits`).
"""

from __future__ import annotations

import os
import time
from threading import RLock

from headway.async_exceptions import is_async, reraise_async
from headway.host import descriptor_reserve, propagation
from headway.host.files import first_environment, will
from headway.host.identity import describe, pid_namespace
from headway.host.process_status import PARENT, STARTED, STATE, status_fields
from headway.host.threads import signals as signal
from headway.protocol import endpoint
from headway.protocol.limits import SPOOL_FILE_BYTES
from headway.reporting.spool import last_resort
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from headway.reporting.interfaces import Reporting
else:
    from headway.light_typing import NamedTuple

# Ends in the file at most, at a microsecond each for whatever is sent. Doubled, sending next to a
# deaf broker costs more than the tasks that it tells of; halved, there are more spool files.
ENDS_LIMIT = 100
STAGES_IN_WILLS = 100  # of an open operation: what is needed to tell of its death
ANCESTORS = 8  # between a process and the one that ends it: a fork server, a shell
# The signals that end no process that does not catch them.
_HARMLESS = ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU")
_THEN = -1.2345678e-300  # a time that is none, to find its place in a packed message
# Of /proc/PID/status: signals that are held back, ignored, caught.
_MASKS = ("SigBlk:", "SigIgn:", "SigCgt:")


class Writing(NamedTuple):
    """What is to be written into the will, as which number, and what of the reporter's it tells."""

    number: int
    version: object
    body: bytes


class Apart(NamedTuple):
    """A spool file of ends: its name and contents, and which revision it tells of each."""

    name: str
    body: bytes
    ends: dict[str, int]


class Will:
    """The will file of this process; written again when what it tells has changed.

    Ends that wait for a broker in numbers would all be written with each change. So `ENDS_LIMIT` at
    a time go into a spool file of their own, which goes once they are acknowledged. Two threads
    that tell it at once may write two of the same.
    """

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        self._process: will.Process | None = None
        self._descriptor: int | None = None
        self._file: tuple[int, int] | None = None  # device and inode of that
        self._number = 0
        self._written = 0  # the number of the latest writing in the file
        self._told: object = None  # what of the reporter's the file tells
        self._ends: dict[str, tuple[int, bytes]] = {}  # operation → revision and frames of its end
        self._apart: dict[str, int] = {}  # operation → revision of its end that a spool file tells
        self._files: dict[str, list[str]] = {}  # name of that → the operations in it
        self._hello: tuple[bytes, bytes] | None = None  # packed, without the time
        self._impossible = False
        # Lock order: the reporter's is never waited for while this is held. Reentrant, as a
        # signal's handler may send something.
        self._writing = RLock()

    def tell(self, *, fold: bool = True) -> None:
        """Write what no broker has acknowledged, where the file does not tell it yet.

        With `fold` what was counted up to now is in it. Raise OSError.
        """
        now = time.monotonic()
        reporter = self._reporter
        with reporter.lock:
            if fold:
                reporter.tally.finish()
            told = self._next(now)
            if told is None:
                return
            apart = self._too_much(told.body, now)
        # Without the reporter's lock from here on, wherever a file is written or removed: a slow
        # disk holds up who sends, and nobody who reports.
        while apart is not None and self._write_apart(apart):
            with reporter.lock:
                newer = self._next(now)
                if newer is None:
                    break  # another thread has told all of it meanwhile
                told, apart = newer, self._too_much(newer.body, now)
        with reporter.lock:
            obsolete = self._acknowledged_files()
        with self._writing:
            # Else another thread has written what is newer.
            if told.number >= self._written and not reporter.closed:
                descriptor = self._open()
                if descriptor is not None:
                    will.write(descriptor, told.number, told.body)
                    self._written, self._told = told.number, told.version
        for name in obsolete:
            last_resort.remove(name)

    def _next(self, now: float) -> Writing | None:
        """Return what is to be written, or None if the file tells it; the lock is held."""
        reporter = self._reporter
        publisher = reporter.publisher
        version = publisher.spool_version, len(publisher.operations)
        if version == self._told or self._impossible or reporter.closed:
            return None
        if self._number == 0 and not (publisher.operations or publisher.has_unacknowledged):
            return None
        if not publisher.about:
            publisher.about.update(describe(VERSION))
        self._number += 1
        return Writing(self._number, version, self._body(now))

    def _body(self, now: float) -> bytes:
        """Return the messages of the file: as of a birth file, with what has ended and shares."""
        publisher = self._reporter.publisher
        ends, apart = self._ends, self._apart
        self._ends = {}
        frames: list[bytes] = []
        entries = publisher.entries()
        if apart:
            entries = [one for one in entries if apart.get(one.model.id) != one.model.revision]
        for entry in entries:
            model = entry.model
            if model.open:
                frames.append(
                    last_resort.packed_messages(publisher.announces(model, now, STAGES_IN_WILLS))
                )
            else:
                known = ends.get(model.id)
                if known is None or known[0] != model.revision:
                    told = last_resort.packed_messages(publisher.announces(model, now, 0))
                    known = model.revision, told
                self._ends[model.id] = known
                frames.append(known[1])
        shares = last_resort.packed_messages(publisher.last_shares(now))
        return self._packed_hello(now) + b"".join(frames) + shares

    def _too_much(self, body: bytes, now: float) -> Apart | None:
        """Return the spool file for what has ended if that is too much; the lock is held."""
        fits = len(self._ends) <= ENDS_LIMIT and len(body) <= will.BODY_LIMIT
        if fits or not self._ends:
            return None
        some: list[bytes] = []
        ends: dict[str, int] = {}
        room = SPOOL_FILE_BYTES  # for the others there is another file
        for operation, (revision, frames) in self._ends.items():
            if some and len(frames) > room:
                break
            room -= len(frames)
            some.append(frames)
            ends[operation] = revision
        body = self._packed_hello(now) + b"".join(some)
        return Apart(self._reporter.next_spool_name(), body, ends)

    def _write_apart(self, apart: Apart) -> bool:
        """Write a spool file; return whether it is there. No lock is held."""
        try:
            last_resort.write(apart.name, apart.body)
        except OSError as error:
            reraise_async(error)  # a full disk: the will has its room already
            return False
        with self._reporter.lock:
            if not self._reporter.closed:
                self._files[apart.name] = list(apart.ends)
                self._apart.update(apart.ends)
                return True
        last_resort.remove(apart.name)  # another tells it, and all that came after it
        return False

    def _acknowledged_files(self) -> list[str]:
        """Forget the spool files whose ends are acknowledged; return their names.

        The lock is held. A file stays while an older one does that tells an earlier end of one of
        its operations.
        """
        kept = {*self._reporter.publisher.operations, *self._reporter.publisher.refused_ends}
        obsolete: list[str] = []
        for name, operations in list(self._files.items()):
            if kept.isdisjoint(operations):
                self._forget_file(name)
                obsolete.append(name)
            else:
                kept.update(operations)
        return obsolete

    def _forget_file(self, name: str) -> None:
        for operation in self._files.pop(name):
            self._apart.pop(operation, None)

    def _packed_hello(self, now: float) -> bytes:
        """Return the first message of the file: the same but for the time."""
        if self._hello is None:
            hello = last_resort.packed_hello(self._reporter.publisher.hello(_THEN))
            before, _, after = hello.partition(last_resort.packed(_THEN))
            self._hello = before, after
        return last_resort.packed(now).join(self._hello)

    def _open(self) -> int | None:
        """Return the descriptor of the file, which is made where there is none."""
        if self._descriptor is not None:
            try:
                if descriptor_reserve.identity(self._descriptor) == self._file:
                    return self._descriptor
            except OSError as error:
                reraise_async(error)  # the program has closed it
            self._descriptor = None
        about = self._reporter.publisher.about
        process = will.Process(about["pid"], about["started"], about["pid_namespace"])
        if None in process:
            self._impossible = True  # no /proc: nobody could tell whether the process is dead
            return None
        try:
            self._descriptor = will.create(*_place(), process)
        except OSError:
            self._impossible = True
            raise
        self._process = process
        self._file = descriptor_reserve.identity(self._descriptor)
        return self._descriptor

    def drop(self) -> None:
        """Remove the file: another tells what it would tell, or nothing is owed."""
        with self._writing:
            self.abandon()
            process, self._process = self._process, None
            if process is not None:
                try:
                    will.remove(*_place(), process)
                except OSError as error:
                    reraise_async(error)
            self._told = None
        with self._reporter.lock:
            names = list(self._files)
            for name in names:
                self._forget_file(name)
        for name in names:
            last_resort.remove(name)

    def abandon(self) -> None:
        """Close the file, and leave it: it is that of the process that this one was forked from."""
        descriptor, self._descriptor = self._descriptor, None
        try:
            if descriptor is not None and descriptor_reserve.identity(descriptor) == self._file:
                os.close(descriptor)
        except OSError as error:
            reraise_async(error)


def note_ended(pid: int, number: int) -> will.Process | None:
    """Note in the will of a descendant that we end it; return whose, if that is certain.

    `number` is the signal that it is about to be sent. One that reports and has no will, as what
    `subprocess` has started, gets one that tells that alone.
    """
    if pid <= 1 or pid == os.getpid() or not number or _is_harmless(number):
        return None
    facts = _stat(pid)
    if facts is None or facts[0] == "Z" or not _is_ours(pid):
        return None
    process = will.Process(pid, facts[2], pid_namespace() or 0)
    if number != signal.SIGKILL and not _dies_of(pid, number):
        return None
    try:
        place, user = _place()
        noted = will.note_ended(place, user, process)
        if not noted and _has_libzmq(pid):
            noted = will.note_ended(place, user, process, make=True)
    except BaseException as error:
        if isinstance(error, OSError) and not is_async(error):
            return None
        take_back(process)  # a signal's handler: nothing is sent
        raise
    return process if noted else None


def ends_us(number: int) -> bool:
    """Return whether a signal ends or stops this process."""
    if number in (signal.SIGKILL, signal.SIGSTOP):
        return True
    if not number or _is_harmless(number):
        return False
    return bool(signal.getsignal(number) == signal.SIG_DFL)


def take_back(process: will.Process) -> None:
    """Note that a process is not ended: it could not be sent the signal."""
    try:
        will.note_ended(*_place(), process, ended=False)
    except OSError as error:
        reraise_async(error)


def _place() -> tuple[str, int]:
    environ = first_environment.environ()
    user = endpoint.user_of(environ, os.getuid())
    return endpoint.runtime_directory(environ, user, make=False), user


def _is_harmless(number: int) -> bool:
    return number in [getattr(signal, name, None) for name in _HARMLESS]


def _stat(pid: int) -> tuple[str, int, int] | None:
    """Return state, parent and start time of a process, or None."""
    fields = status_fields(pid)
    return None if fields is None else (fields[STATE], int(fields[PARENT]), int(fields[STARTED]))


def _is_ours(pid: int) -> bool:
    """Return whether a process descends from this one."""
    for _ in range(ANCESTORS):
        facts = _stat(pid)
        if facts is None:
            return False
        pid = facts[1]
        if pid == os.getpid():
            return True
    return False


def _dies_of(pid: int, number: int) -> bool:
    """Return whether a process neither catches, ignores nor holds back a signal."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file if line.startswith(_MASKS)]
        return len(lines) == len(_MASKS) and not any(
            int(mask, 16) >> (number - 1) & 1 for _, mask in lines
        )
    except (OSError, ValueError) as error:
        reraise_async(error)
        return False


def _has_libzmq(pid: int) -> bool:
    """Return whether a process may have a connection to a broker: of others nobody has heard."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            return b"zmq" in file.read()
    except OSError as error:
        reraise_async(error)
        return False


def has_will(reporter: Reporting) -> bool:
    """Return whether this process is one that another may end without a word."""
    return propagation.may_be_ended(forked=reporter.forked)


def tell(reporter: Any) -> None:
    """Bring the will of this process up to date, if it is to have one. Never raises."""
    try:
        if reporter.will is None:
            if not has_will(reporter):
                return
            # One: the file of another would take the place of the first's.
            with reporter.lock:
                if reporter.will is None:
                    reporter.will = Will(reporter)
        reporter.will.tell()
    except Exception as error:
        reraise_async(error)  # there is still the wire
