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
from headway.host.files import lost_ends
from headway.host.files.spool import (
    is_deaf,
    mark_deaf,
    remove_spool_file,
    spool_place,
    write_spool_file,
)
from headway.host.identity import describe
from headway.protocol import endpoint
from headway.protocol.packing import frame, packed
from headway.protocol.redaction import redact
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

    from headway.reporting.interfaces import Reporting


NONE_LEFT = (errno.EMFILE, errno.ENFILE)  # descriptors


class ExitSpool:
    """What a process spools at its exit for the case that nobody acknowledges it."""

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        self.name: str | None = None  # of the file
        self._told: object = None  # what of the reporter's the file tells
        self._lost = False  # what found no place has been counted

    def write(self, name: str) -> None:
        """Spool what no broker has acknowledged, unless the file tells it already. Raise OSError.

        A file that is there already goes once there is the new one.
        """
        reporter = self._reporter
        with reporter.lock:
            if self.name is not None and self._told == reporter.publisher.spool_version:
                return
            told = reporter.publisher.spool_version
            if reporter.publisher.has_unacknowledged and not reporter.publisher.about:
                # First: each operation is told of by host, pid and user, too.
                reporter.publisher.about.update(describe(VERSION))
            # In the lock, in which each is made: all at once they would take more time.
            data = spooled(reporter.publisher.spool_messages(time.monotonic()))
        if data:
            before = self.name
            if name == before:
                name = reporter.next_spool_name()
            write_at_last(name, data)
            self.name, self._told = name, told
            if before is not None:
                remove(before)

    def withdraw(self) -> None:
        """Remove the file: all that is in it is acknowledged."""
        name, self.name = self.name, None
        if name is not None:
            remove(name)

    def nobody_listens(self) -> bool:
        """Return whether nothing is lost by not waiting, and the broker has not answered others."""
        try:
            return self.name is not None and is_deaf(spool_place()[0])
        except OSError as error:
            reraise_async(error)
            return False

    def tell_others(self) -> None:
        """Spare others that wait which this exit had in vain."""
        if self.name is not None:
            try:
                mark_deaf(*spool_place())
            except OSError as error:
                reraise_async(error)

    def count_lost(self) -> None:
        """Count what is lost for good: no broker has acknowledged it, and no file tells it."""
        number = self._reporter.publisher.unacknowledged_ends
        if number and self.name is None and not self._lost:
            self._lost = True
            count_lost(number)


def count_lost(number: int) -> None:
    """Count so many ends as lost, where that can be written."""
    user = endpoint.user_of(os.environ, os.getuid())
    places = []
    try:
        places.append(endpoint.runtime_directory(os.environ, user))
    except OSError as error:
        reraise_async(error)
    if user == os.getuid():  # who reports for another user keeps out of that one's home
        places.append(endpoint.state_directory(os.environ, os.path.expanduser("~")))
    if not lost_ends.add(places, user, number) and descriptor_reserve.give_up():
        lost_ends.add(places, user, number)


def remove(name: str) -> None:
    """Remove the spool file `name`, if it is there. Never raises."""
    try:
        remove_spool_file(*spool_place(), name)
    except OSError as error:
        reraise_async(error)  # the broker finds in it what it knows


def finish(reporter: Reporting) -> None:
    """End what is open and spool what no broker has acknowledged. Raise OSError."""
    reporter.judge_open()
    reporter.exit_spool.write(reporter.session)


def write(name: str, frames: bytes) -> None:
    """Write packed messages, a `Hello` first, to the spool file `name`. Raise OSError."""
    write_spool_file(*spool_place(), name, frames)


def write_at_last(name: str, frames: bytes) -> None:
    """Write a spool file as `write` does, by the reserve where no descriptor is left."""
    try:
        write(name, frames)
    except OSError as error:
        reraise_async(error)
        if error.errno not in NONE_LEFT or not descriptor_reserve.give_up():
            raise
        write(name, frames)


def spooled(owed: Iterable[Any]) -> bytes:
    """Return what a file of messages holds, a `Hello` first, without texts; b"" for none.

    One that cannot be packed, by a fault of ours, costs no other: the `Hello` says how many
    are missing, and the broker counts them.
    """
    messages = iter(owed)
    hello = next(messages, None)
    if hello is None:
        return b""
    frames = frames_of(messages)
    return packed_hello(hello, missing=frames.count(b"")) + b"".join(frames)


def frames_of(messages: Iterable[Any]) -> list[bytes]:
    """Return what a file holds of each of the messages: b"" for one that cannot be packed."""
    return list(map(_frame, messages))


def _frame(message: Any) -> bytes:
    try:
        return packed(_encoded(redact(message)))
    except Exception as error:
        reraise_async(error)
        return b""


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
