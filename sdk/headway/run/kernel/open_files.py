"""Read from /proc which files a process has open, where it stands in them, and what it is given."""

from __future__ import annotations

import os
import stat

from headway.run.kernel.file_progress import Input, OpenFile
from headway.run.kernel.kernel_file import read_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

DESCRIPTORS_LIMIT = 256  # descriptors of one process that are looked at
TO_FOLDER = (b"cp", b"install", b"mv", b"rsync")  # whose last word may be where it goes
WORDS_LIMIT = 2_000  # words of a command line that may name files
# Operands of dd by which it reads a part of its input.
PART_OF_INPUT = (b"count=", b"skip=", b"iseek=")
SECTOR = 512  # bytes, the unit of /sys/dev/block/*/size


def open_files(pid: int) -> list[OpenFile]:
    """Return the regular files and block devices that a process has open.

    Empty where they cannot be read, such as of another user's process.
    """
    found: list[OpenFile] = []
    folder = f"/proc/{pid}/fd/"
    try:
        numbers = os.listdir(folder)
    except OSError:
        return found
    for number in numbers[:DESCRIPTORS_LIMIT]:
        try:
            about = os.stat(folder + number)
        except OSError:
            continue
        size = _size(about)
        if size is None:
            continue
        position = flags = None
        for line in read_start(f"/proc/{pid}/fdinfo/{number}").splitlines():
            word, _, value = line.partition(b":")
            if word == b"pos":
                position = int(value)
            elif word == b"flags":
                flags = int(value, 8)
        if position is not None and flags is not None:
            writes = flags & os.O_ACCMODE != os.O_RDONLY
            found.append(OpenFile(int(number), _identity(about), writes, position, size))
    return found


def inputs_of(pid: int) -> tuple[list[Input], bool]:
    """Return the files that a process is given, and whether nobody knows how much it reads.

    Given is what its command line names, and its standard input. It may read any part of folders.
    """
    found: dict[tuple[int, int], Input] = {}
    folders: list[int] = []
    words = read_start(f"/proc/{pid}/cmdline", 1 << 20).rstrip(b"\0").split(b"\0")[:WORDS_LIMIT]
    for place, word in enumerate(words[1:], 1):
        # As they are, and behind `if=` and `--file=`.
        for name in dict.fromkeys((word, word.rpartition(b"=")[2])):
            about = _about(pid, name)
            if about is None:
                continue
            size = _size(about)
            if size is not None:
                _add(found, about, size, name)
            if stat.S_ISDIR(about.st_mode) and name == word:
                folders.append(place)
    given = [place for place in folders if is_given(words, place)]
    try:
        about = os.stat(f"/proc/{pid}/fd/0")
        name = os.fsencode(os.readlink(f"/proc/{pid}/fd/0"))
        size = _size(about)
        if size is not None:
            _add(found, about, size, name)
    except OSError:
        pass
    return list(found.values()), bool(given) or _reads_part(words)


def is_given(words: Sequence[bytes], place: int) -> bool:
    """Return whether a folder that a command line names is input: not where it goes."""
    before = words[place - 1]
    if before[:1] == b"-" and len(before) > 1 and place > 1:
        # The value of an option (`-C`, `-t`, `-d`), unless the option only says what to do.
        return before[:2] != b"--" and any(letter in b"acrR" for letter in before[1:])
    copies = os.path.basename(words[0]) in TO_FOLDER
    return not (copies and place == len(words) - 1)


def _reads_part(words: Sequence[bytes]) -> bool:
    """Return whether dd is told to read a part of its input."""
    return os.path.basename(words[0]) == b"dd" and any(
        word.startswith(PART_OF_INPUT) for word in words[1:]
    )


def memory_of(pid: int) -> int | None:
    """Return the memory that a process occupies, in bytes; None where that is unknown."""
    try:
        return int(read_start(f"/proc/{pid}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (IndexError, ValueError):
        return None


def bytes_of(pid: int) -> tuple[int, int] | None:
    """Return the bytes that a process has read and written; None where they cannot be read.

    Those of the children that it has waited for are in it.
    """
    read = written = None
    for line in read_start(f"/proc/{pid}/io").splitlines():
        word, _, value = line.partition(b":")
        if word == b"rchar":
            read = int(value)
        elif word == b"wchar":
            written = int(value)
    return None if read is None or written is None else (read, written)


def _add(
    found: dict[tuple[int, int], Input], about: os.stat_result, size: int, path: bytes
) -> None:
    name = os.path.basename(path).decode("utf-8", "replace")
    found.setdefault(_identity(about), Input(_identity(about), size, name))


def _about(pid: int, word: bytes) -> os.stat_result | None:
    """Return what a word names, as seen by the process; None where it names nothing."""
    if not word or b"\n" in word or len(word) > 4096 or word.startswith(b"-"):
        return None
    path = word if word.startswith(b"/") else b"/proc/%d/cwd/%s" % (pid, word)
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _size(about: os.stat_result) -> int | None:
    """Return the size of a regular file or block device; None of anything else."""
    if stat.S_ISREG(about.st_mode):
        return about.st_size
    if not stat.S_ISBLK(about.st_mode):
        return None
    device = f"{os.major(about.st_rdev)}:{os.minor(about.st_rdev)}"
    try:
        return int(read_start(f"/sys/dev/block/{device}/size")) * SECTOR
    except ValueError:
        return None


def _identity(about: os.stat_result) -> tuple[int, int]:
    if stat.S_ISBLK(about.st_mode):
        return (-1, about.st_rdev)  # however it is called
    return (about.st_dev, about.st_ino)
