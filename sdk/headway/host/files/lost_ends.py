"""Count the ends that found no place: no broker has acknowledged them, and no file took them.

A file has one byte for each, after a first one. Bytes are appended, so that processes need no lock,
and the first blocks of a file that is there already have room on a disk that is full. It is in the
runtime directory, where a broker makes it when it starts, and else in the state directory; where
neither can be written nothing is counted. `headway doctor` tells the sum.
"""

from __future__ import annotations

import os

from headway.async_exceptions import reraise_async
from headway.host.files.spool import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

FILE = "lost-ends"
LIMIT = 64 * 1024  # bytes of the file, from which on nothing is counted


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
            continue
        finally:
            os.close(descriptor)
    return False


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
    return number, last
