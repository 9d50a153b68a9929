"""How far a process is through the files it reads, by the positions the kernel keeps of them.

Pure. A position is progress only of a program that goes through its input once, from the beginning
to the end; nothing says that a stranger does. So a count is believed on evidence, and withdrawn for
good when something contradicts it:

- the input is known: files that the command line names, or standard input. Of a folder nobody knows
  what is in it: the bytes read are counted, without a total;
- the position rises in several looks, two of a program that is known to do so, by as much as the
  process has read in all: else it seeks, or reads other files as well;
- it does not fall: a second pass, a seek back;
- memory does not grow with what is read: that program loads a file, and its work is to come.
  `STREAMING` programs are known to go on, whatever they keep;
- once all is read, it ends.
"""

from __future__ import annotations

from headway.run.reading.command_line import option_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence, Tuple

    Identity = Tuple[int, int]
else:
    from headway.light_typing import NamedTuple

# Programs that read their input once, in order, and do their work as they read.
STREAMING = option_set(
    "b2sum b3sum base32 base64 basenc brotli bsdcat bsdtar bunzip2 bzcat bzip2 cat cksum cp "
    "cpio crc32 dd gpg gpg2 gtar gunzip gzip install lbzip2 lrzip lz4 lz4cat lzma lzop mariadb "
    "md5sum mongorestore mv mysql openssl pbzip2 pg_restore pigz pixz psql pv pzstd sha1sum "
    "sha224sum sha256sum sha384sum sha512sum shasum sqlite3 star sum tar uncompress unlzma "
    "unpigz unxz unzstd xz xzcat zcat zstd zstdcat"
)
# Of those, what may let the kernel copy: the position then stands while the target grows.
COPYING = frozenset({"cp", "install", "mv", "cat", "dd"})
# Programs that stop when they have seen enough, or wait for a person or for requests.
STOPPING = option_set(
    "bash dash emacs fish head ksh less mariadbd more mysqld nano postgres redis-server sh tail "
    "vi vim watch zsh"
)

SMALLEST = 1 << 20  # bytes of an input that is looked at: less is over before it can be shown
RISES = 3  # looks in which a position has risen before it is believed
LEAST_SECONDS = 1.0  # from the first look until it is believed
# The same of a streaming program, whose input is known: what is left to see is that it goes on.
STREAMING_RISES = 2
STREAMING_SECONDS = 0.4
OVER_SECONDS = 1.5  # after all is read, until that is taken for a phase of the work alone
# Bytes that may be read beside the input, or skipped in it: libraries, tables, a header.
SLACK = 16 << 20
# Of the bytes read: what memory has to grow by for the file to be loaded.
LOADED = 0.5


class OpenFile(NamedTuple):
    """A regular file or block device that a process has open; `number` is its descriptor."""

    number: int
    identity: Identity  # device and inode
    writes: bool
    position: int
    size: int


class Input(NamedTuple):
    """A file that the command line names, or that is standard input; `name` is its last part."""

    identity: Identity
    size: int
    name: str


class Count(NamedTuple):
    """Bytes read, of so many (None: unknown), and the name of the file that is being read."""

    done: int
    total: int | None
    name: str | None


class FileProgress:
    """Judges what one process does with its input.

    `inputs` are in the order of the command line; `folders` tells that it names folders, too.
    `streams`: it is known to work as it reads. `counts_only`: there will be no total.
    """

    def __init__(self, program: str, inputs: Sequence[Input], *, folders: bool) -> None:
        self._program = program
        self.streams = program in STREAMING
        self._inputs = list(inputs)
        self.counts_only = folders or not inputs
        if self.counts_only:
            self._off = not self.streams
        else:
            self._off = program in STOPPING or sum(one.size for one in inputs) < SMALLEST
        self._positions: dict[Identity, int] = {}
        self._done = 0
        self._rises = 0
        self._first: tuple[float, int, int | None, int | None] | None = None
        self._over_since: float | None = None
        self._grew = False
        self.shown = False  # something was told

    @property
    def off(self) -> bool:
        """Return whether nothing will be told of it any more."""
        return self._off

    def take(
        self, now: float, files: Sequence[OpenFile], memory: int | None, read: int | None
    ) -> Count | None:
        """Take a look at the open files; return the count, or None where it is unknown.

        `memory` is what it occupies, `read` all that it has read so far; in bytes, None: unknown.
        """
        if self._off:
            return None
        if self.counts_only:
            return self._count_only(read)
        open_ = self._reading(files)
        if self._off:
            return None
        found = self._sum(open_, files)
        if found is None:
            return None
        done, total, name = found
        if self._first is None:
            self._first = (now, done, memory, read)
        if self._contradicted(done, memory, read) or self._is_over(now, done, total, open_):
            self._off = True
            return None
        if done > self._done:
            self._rises += 1
        self._done = max(done, self._done)
        rises = STREAMING_RISES if self.streams else RISES
        least = STREAMING_SECONDS if self.streams else LEAST_SECONDS
        believed = self._rises >= rises and now - self._first[0] >= least
        if not believed:
            return None
        self.shown = True
        return Count(self._done, None if self._grew else total, name)

    def finished(self) -> Count | None:
        """Return the count once the process has succeeded: a streaming program has read all."""
        if not self.shown or self._off or not self.streams or self.counts_only or self._grew:
            return None
        total = sum(one.size for one in self._inputs)
        return Count(total, total, None)

    def _count_only(self, read: int | None) -> Count | None:
        if read is None:
            return None
        self._rises += read > self._done
        self._done = read
        if self._rises < RISES or read < SMALLEST:
            return None
        self.shown = True
        return Count(read, None, None)

    def _reading(self, files: Sequence[OpenFile]) -> dict[int, OpenFile]:
        """Return the inputs that are open, by their place, and withdraw where one went back."""
        places = {one.identity: place for place, one in enumerate(self._inputs)}
        found: dict[int, OpenFile] = {}
        for file in files:
            place = places.get(file.identity)
            if place is None:
                continue
            if file.writes:  # what a command names may be its output
                self._inputs[place] = Input((0, 0), 0, "")
                continue
            other = found.get(place)
            if other is None or file.position > other.position:
                found[place] = file
        for place, file in found.items():
            last = self._positions.get(file.identity, 0)
            if file.position < last:
                self._off = True
            self._positions[file.identity] = file.position
            known = self._inputs[place]
            if file.size != known.size:
                self._grew = True  # it is being written while it is read
                self._inputs[place] = known._replace(size=file.size)
        return found

    def _sum(
        self, open_: dict[int, OpenFile], files: Sequence[OpenFile]
    ) -> tuple[int, int, str] | None:
        """Return what is done, of how much, and where; None before anything was open."""
        if not open_:
            if not self._positions:
                return None
            total = sum(one.size for one in self._inputs)
            return self._done, total, ""
        last = max(open_)
        done = 0
        for place in range(last + 1):
            file = open_.get(place)
            # What stands before the one that is open, and is closed, has been read.
            done += self._inputs[place].size if file is None else min(file.position, file.size)
        if self._program in COPYING:
            done = max(done, self._copied(done, open_[last], files))
        return done, sum(one.size for one in self._inputs), self._inputs[last].name

    def _copied(self, done: int, source: OpenFile, files: Sequence[OpenFile]) -> int:
        """Return what is done by how far the only target has grown."""
        targets = [file for file in files if file.writes and file.number > 2]
        if len(targets) != 1 or targets[0].size > source.size:
            return done
        return done - min(source.position, source.size) + targets[0].size

    def _contradicted(self, done: int, memory: int | None, read: int | None) -> bool:
        if self._first is None or done < self._done:
            return done < self._done
        _, first, first_memory, first_read = self._first
        moved = done - first
        if read is not None and first_read is not None and self._program not in COPYING:
            apart = (read - first_read) - moved
            if not -SLACK <= apart <= max(SLACK, moved):
                return True
        if self.streams or memory is None or first_memory is None:
            return False
        return moved > SLACK and memory - first_memory > LOADED * moved

    def _is_over(self, now: float, done: int, total: int, open_: dict[int, OpenFile]) -> bool:
        """Return whether all was read a while ago, and the process goes on."""
        if open_ and done < total:
            self._over_since = None
            return False
        if self._over_since is None:
            self._over_since = now
        return now - self._over_since > OVER_SECONDS
