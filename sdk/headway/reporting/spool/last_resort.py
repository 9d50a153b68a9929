"""Spool final states with the standard library alone, before anything is waited for.

At an exit all that no broker has acknowledged is in a file first; only then is its delivery waited
for, and the file goes when everything is acknowledged. So an end does not depend on the time that
the process is given, nor on pyzmq and msgpack, whose import can take longer than an exit may. No
function here imports anything, since that would wait for the import lock of the other import.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from headway.async_exceptions import reraise_async
from headway.host import descriptor_reserve
from headway.host.files import first_environment, lost_ends
from headway.host.files.spool import (
    FULL,
    is_deaf,
    mark_deaf,
    remove_spool_file,
    second_place,
    spool_place,
    write_spool_file,
)
from headway.host.identity import describe, home
from headway.protocol import endpoint
from headway.protocol.limits import SPOOL_FILE_BYTES
from headway.protocol.messages import Announce, Share
from headway.protocol.packing import frame, packed
from headway.protocol.redaction import redact
from headway.records import OPERATION_FIELDS
from headway.states import OPEN
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    from headway.reporting.interfaces import Reporting

    Written = TypeVar("Written")


NONE_LEFT = (errno.EMFILE, errno.ENFILE)  # descriptors
# Bytes of corrections in one file: each correction writes those before it again. Doubled, many cost
# an exit twice as much; halved, there are twice as many files.
CORRECTIONS_BYTES = 1 << 14
# Links that a process which may write no file leaves at most, and the stages that are tried in one.
LINKS_LIMIT = 200
STAGES_IN_LINKS = (None, 20, 5, 0)
_STATE = OPERATION_FIELDS.index("state")


class Superseded(Exception):
    """What is being packed need not be written any more."""


class ExitSpool:
    """What a process spools at its exit for the case that nobody acknowledges it."""

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        # Several threads may write at once, without the reporter's lock. It guards all of these.
        self._names: list[str] = []  # of the files
        self._told: object = None  # what of the reporter's the files tell
        self._begun = 0  # writings so far: a later one tells no less
        self._newest = 0  # the number of the one that the files are of
        self._used: set[str] = set()  # names that were given to a writing
        self._lost = False  # what found no place has been counted
        self._corrected = b""  # the messages in the last of the files, where that has corrections

    @property
    def filled(self) -> bool:
        """Return whether there is a file."""
        return bool(self._names)

    def write(self, name: str) -> None:
        """Spool what no broker has acknowledged, unless that is done already. Raise OSError.

        Files that are there already go once there are the new ones.
        """
        reporter = self._reporter
        with reporter.lock:
            if self._names and self._told == reporter.publisher.spool_version:
                return
            told = reporter.publisher.spool_version
            owed = self._owed()
            if not owed:
                return
            if name in self._used:
                name = reporter.next_spool_name()
            self._used.add(name)
            self._begun += 1
            number = self._begun
        obsolete = spool_at_last(name, owed, reporter.next_spool_name)
        with reporter.lock:
            if number > self._newest:  # else another thread has written what is newer
                obsolete, self._names = self._names, obsolete
                self._newest, self._told, self._corrected = number, told, b""
            kept = self._names
        for one in obsolete:
            if one not in kept:
                remove(one)

    def correct(self, operation: str, before: object) -> None:
        """Spool how an operation has ended otherwise than the files tell. Raise OSError.

        Corrections come one by one, so they have files of their own, which stay small: beside files
        that tell all else, as it was by the `spool_version` from before the correction. Where there
        are none, or they are being written, all is written. The reporter's lock is held.
        """
        reporter = self._reporter
        if not self._names or self._told != before:
            self.write(reporter.session)
            return
        told = reporter.publisher.spool_version
        owed = self._owed(operation)
        if not owed:
            return
        hello, frames, missing = _packed_all(owed)
        corrected = self._corrected + b"".join(frames)
        name = reporter.next_spool_name()
        contents = packed_hello(hello, missing=missing) + corrected
        _at_last(lambda: write(name, contents))
        names = list(self._names)
        obsolete = names.pop() if self._corrected else None
        self._begun += 1
        self._names, self._told, self._newest = [*names, name], told, self._begun
        self._corrected = corrected if len(corrected) < CORRECTIONS_BYTES else b""
        if obsolete is not None:
            remove(obsolete)

    def _owed(self, operation: str | None = None) -> list[Any]:
        """Return the messages of what is not acknowledged, or of one operation; with the lock."""
        publisher = self._reporter.publisher
        if publisher.has_unacknowledged and not publisher.about:
            # First: each operation is told of by host, pid and user, too.
            publisher.about.update(describe(VERSION))
        return publisher.spool_messages(time.monotonic(), operation)

    def withdraw(self) -> None:
        """Remove the files: all that is in them is acknowledged."""
        with self._reporter.lock:
            names, self._names, self._corrected = self._names, [], b""
        for name in names:
            remove(name)

    def nobody_listens(self) -> bool:
        """Return whether nothing is lost by not waiting, and the broker has not answered others."""
        try:
            return self.filled and is_deaf(spool_place()[0])
        except OSError as error:
            reraise_async(error)
            return False

    def tell_others(self) -> None:
        """Spare others that wait which this exit had in vain."""
        if self.filled:
            try:
                mark_deaf(*spool_place())
            except OSError as error:
                reraise_async(error)

    def count_lost(self) -> None:
        """Count what is lost for good: no broker has acknowledged it, and no file tells it."""
        number = self._reporter.publisher.unacknowledged_ends
        if number and not self.filled and not self._lost:
            self._lost = True
            count_lost(number)


def count_lost(number: int) -> None:
    """Count so many ends as lost, where that can be written."""
    user = endpoint.user_of(first_environment.environ(), os.getuid())
    places = []
    try:
        places.append(endpoint.runtime_directory(first_environment.environ(), user))
    except endpoint.Uninstalled:
        return  # nobody is to be told any more
    except OSError as error:
        reraise_async(error)
    if user == os.getuid():  # who reports for another user keeps out of that one's home
        places.append(endpoint.state_directory(first_environment.environ(), home(user)))
    if not lost_ends.add(places, user, number) and descriptor_reserve.give_up():
        lost_ends.add(places, user, number)


def remove(name: str) -> None:
    """Remove the spool file `name`, if it is there. Never raises."""
    try:
        place, user = spool_place()
        try:
            remove_spool_file(place, user, name)
        except FileNotFoundError as error:
            reraise_async(error)
            second = second_place(place, user)
            if second is not None:
                remove_spool_file(second, user, name)
    except OSError as error:
        reraise_async(error)  # the broker finds in it what it knows


def finish(reporter: Reporting) -> None:
    """End what is open and spool what no broker has acknowledged. Raise OSError."""
    reporter.judge_open()
    reporter.exit_spool.write(reporter.session)


def _never() -> bool:
    return False


def spool(
    name: str,
    owed: list[Any],
    next_name: Callable[[], str],
    is_over: Callable[[], bool] = _never,
) -> list[str]:
    """Write messages, a `Hello` first, without texts to spool files; return their names.

    The first is called `name`; there are others where one has no room for all. One that cannot be
    packed, by a fault of ours, costs no other: the `Hello` says how many are missing, and the
    broker counts them. Raise OSError; then there is none. Raise `Superseded` where `is_over()`
    before all are packed, which may take long.
    """
    names: list[str] = []
    try:
        for contents in spooled(owed, is_over):
            one = next_name() if names else name
            write(one, contents)
            names.append(one)
    except OSError as error:
        reraise_async(error)
        for one in names:
            remove(one)
        if error.errno != errno.EFBIG:
            raise
        return _spool_each(name, owed, next_name)
    return names


def _spool_each(name: str, owed: list[Any], next_name: Callable[[], str]) -> list[str]:
    """Write a file of each operation, with as many of its stages as there is room for.

    For a process that may write no file: what it leaves are links, which are small. Of ends that
    have no room in one the number is counted as lost. Raise OSError where there is none at all.
    """
    names: list[str] = []
    failure: OSError | None = None
    lost = 0
    hello = owed[0]._replace(about={n: v for n, v in owed[0].about.items() if n != "unpacked"})
    for message in owed[1:]:
        shorter = _ever_shorter(message)
        if not shorter or len(names) >= LINKS_LIMIT:
            lost += _is_end(message)
            continue
        one = next_name() if names else name
        for told in shorter:
            try:
                write(one, packed_hello(hello) + packed_messages([told]))
            except OSError as error:
                reraise_async(error)
                failure = error
            else:
                names.append(one)
                break
        else:
            lost += _is_end(message)
    if failure is not None and not names:
        raise failure
    if lost:
        count_lost(lost)
    return names


def _ever_shorter(message: Any) -> list[Any]:
    """Return a message with all of its stages, with some and with none; [] if it says no more.

    What goes on with the stages of an announcement has no room, and a `Bye` tells nothing.
    """
    if type(message) is Share:
        return [message]
    if type(message) is not Announce or not message.whole:
        return []
    return [message._replace(stages=message.stages[:most]) for most in STAGES_IN_LINKS]


def _is_end(message: Any) -> bool:
    return type(message) is Announce and message.whole and message.operation[_STATE] not in OPEN


def write(name: str, frames: bytes) -> None:
    """Write packed messages, a `Hello` first, to the spool file `name`. Raise OSError.

    Where the disk of the runtime directory is full it is in the second spool, on another one.
    Where too many files wait by then the oldest have gone. Each counts as one lost end,
    whatever it holds: none is read here.
    """
    place, user = spool_place()
    try:
        gone = write_spool_file(place, user, name, frames)
    except OSError as error:
        reraise_async(error)
        second = second_place(place, user, make=True) if error.errno in FULL else None
        if second is None:
            raise
        gone = write_spool_file(second, user, name, frames)
    if gone:
        count_lost(gone)


def spool_at_last(name: str, owed: list[Any], next_name: Callable[[], str]) -> list[str]:
    """Write spool files as `spool` does, by the reserve where no descriptor is left."""
    return _at_last(lambda: spool(name, owed, next_name))


def _at_last(write_it: Callable[[], Written]) -> Written:
    try:
        return write_it()
    except OSError as error:
        reraise_async(error)
        if error.errno not in NONE_LEFT or not descriptor_reserve.give_up():
            raise
        return write_it()


def spooled(owed: list[Any], is_over: Callable[[], bool] = _never) -> list[bytes]:
    """Return what the files of these messages hold, without those that cannot be packed.

    All of an operation is in one file: what a broker takes in belongs together.
    """
    if not owed:
        return []
    hello, frames, missing = _packed_all(owed, is_over)
    files: list[list[bytes]] = [[]]
    room = SPOOL_FILE_BYTES
    for some in _by_operation(owed[1:], frames):
        size = sum(map(len, some))
        if size > room and files[-1]:
            files.append([])
            room = SPOOL_FILE_BYTES
        files[-1] += some
        room -= size
    first = packed_hello(hello, missing=missing)
    others = b""
    if len(files) > 1:  # each missing message is counted once
        about = {name: known for name, known in hello.about.items() if name != "unpacked"}
        others = packed_hello(hello._replace(about=about))
    return [(others if place else first) + b"".join(some) for place, some in enumerate(files)]


def _packed_all(
    owed: list[Any], is_over: Callable[[], bool] = _never
) -> tuple[Any, list[bytes], int]:
    """Return the `Hello`, the other messages packed, and how many of them cannot be."""
    frames: list[bytes] = []
    missing = 0
    for message in owed[1:]:
        if is_over():
            raise Superseded
        try:
            frames.append(packed(_encoded(redact(message))))
        except Exception as error:
            reraise_async(error)
            missing += 1
            frames.append(b"")
    return owed[0], frames, missing


def _by_operation(messages_: list[Any], frames: list[bytes]) -> list[list[bytes]]:
    """Return frames in groups: those that go on with what is announced belong to it."""
    groups: list[list[bytes]] = []
    for message, packed_ in zip(messages_, frames):
        if groups and type(message) is Announce and not message.whole:
            groups[-1].append(packed_)
        else:
            groups.append([packed_])
    return groups


def packed_hello(hello: Any, *, missing: int = 0) -> bytes:
    """Return a `Hello` as it begins a file, which lacks so many messages that cannot be packed."""
    about: dict[str, Any] = {}
    for name, known in hello.about.items():
        try:
            packed(known)
        except Exception as error:
            reraise_async(error)
            continue
        about[name] = known
    if missing:
        about["unpacked"] = about.get("unpacked", 0) + missing
    return packed(frame(hello._replace(about=about)))


def packed_messages(messages_: list[Any]) -> bytes:
    """Return messages as a file holds them, without texts. Raise what one raises."""
    return b"".join(packed(_encoded(redact(message))) for message in messages_)


def _encoded(message: Any) -> bytes:
    """Return the frame of a message; by msgpack where it is imported, which takes a tenth."""
    encode = getattr(sys.modules.get("headway.protocol.wire"), "encode", None)
    if encode is not None:
        try:
            return bytes(encode(message))
        except Exception as error:  # the import may be under way
            reraise_async(error)
    return frame(message)
