"""Count the ends that found no place: no broker has acknowledged them, and no file took them.

A file has one byte for each, after a first one. Bytes are appended, so that processes need no lock,
and the first blocks of a file that is there already have room on a disk that is full. It is in the
runtime directory, where a broker makes it when it starts, and else in the state directory; where
neither can be written nothing is counted. A process that may write no file leaves a link that leads
nowhere and is called by the number. `headway doctor` tells the sum.
"""

from __future__ import annotations

import errno
import os

from headway.async_exceptions import reraise_async
from headway.host.files import linked_data
from headway.host.files.spool import link, opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

FILE = "lost-ends"
LIMIT = 64 * 1024  # bytes of the file, from which on nothing is counted
LINKS_LIMIT = 1_000  # from which on no more are made


def prepare(place: str, user: int) -> None:
    """Make the file in the directory `place` of `user` where there is none. Raise OSError."""
    descriptor = opened(place, user, FILE, os.O_WRONLY | os.O_APPEND)
    try:
        if not os.fstat(descriptor).st_size:
            os.write(descriptor, b"\n")
    finally:
        os.close(descriptor)


def add(places: Iterable[str], user: int, number: int) -> bool:
    """Count `number` more lost ends of `user` in the first directory that takes it."""
    for place in places:
        try:
            descriptor = opened(place, user, FILE, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            reraise_async(error)
            continue
        try:
            size = os.fstat(descriptor).st_size
            more = b"\n" * (not size) + b"." * number
            if os.write(descriptor, more[: max(0, LIMIT - size)]) or size >= LIMIT:
                return True
        except OSError as error:
            reraise_async(error)
            if error.errno == errno.EFBIG and _add_link(place, user, number):
                return True
            continue
        finally:
            os.close(descriptor)
    return False


def _add_link(place: str, user: int, number: int) -> bool:
    """Count by a link, where no byte may be written."""
    try:
        if len(_links(place)) < LINKS_LIMIT:
            link(place, user, f"{FILE}-{os.urandom(4).hex()}", str(number).encode())
    except OSError as error:
        reraise_async(error)
        return False
    return True


def _links(place: str) -> list[linked_data.Linked]:
    """Return what the links of a directory count."""
    try:
        listed = os.listdir(place)
    except OSError as error:
        reraise_async(error)
        return []
    names = [name for name in listed if name.startswith(FILE + "-")]
    found = [linked_data.read(os.path.join(place, name)) for name in names]
    return [linked for linked in found if linked is not None and linked.data.isdigit()]


def known(places: Iterable[str]) -> tuple[int, float]:
    """Return how many ends are counted in these directories, and the Unix time of the last."""
    number, last = 0, 0.0
    for place in places:
        try:
            status = os.lstat(os.path.join(place, FILE))
        except OSError as error:
            reraise_async(error)
            continue
        if status.st_size > 1:
            number += status.st_size - 1
            last = max(last, status.st_mtime)
        for linked in _links(place):  # beside the file: the link was made where it was opened
            number += int(linked.data)
            last = max(last, linked.time)
    return number, last
