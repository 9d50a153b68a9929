"""What a broker leaves for the next one that it could not store: ended operations, as spool files.

Where no history can be written, a full disk or a limit of its first starter's, ends are kept in
memory alone, and acknowledged after a while: programs would hold their exits for them.
"""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple

from headway.host.files.spool import write_spool_file
from headway.protocol.messages import MAGIC, MAJOR, MINOR, Announce, Hello
from headway.protocol.redaction import redact
from headway.protocol.wire import encode, pack
from headway_broker.state.entry import Entry

LIMIT = 500  # operations, the latest: as many as the next broker keeps
STAGES = (1_000, 20, 5, 0)  # that are tried: a process that may write no file leaves little


class Legacy(NamedTuple):
    """A spool file: its name, and what it may hold, ever less of it."""

    name: str
    contents: list[bytes]


def legacies(entries: Iterable[Entry], boot: str | None, now: float) -> Iterator[Legacy]:
    """Yield the files of ended operations of this machine, which has not restarted since."""
    for entry in list(entries)[-LIMIT:]:
        session, operation = entry.session, entry.operation
        if operation.open or session.is_remote or session.about.get("boot") != boot:
            continue
        about = {name: value for name, value in session.about.items() if name != "unpacked"}
        hello = Hello(MAGIC, MAJOR, MINOR, session.id, "worker", now, about, 0)
        records = [stage.record() for stage in operation.stages.values()]
        contents = [
            b"".join(
                pack(encode(redact(message)))
                for message in (hello, Announce(0, now, True, operation.record(), records[:most]))
            )
            for most in STAGES
        ]
        yield Legacy(f"{session.id}-{operation.id}", contents)


def leave(directory: str, user: int, entries: Iterable[Entry], boot: str | None, now: float) -> int:
    """Write the files into the spool of `directory`; return how many there are."""
    written = 0
    for legacy in legacies(entries, boot, now):
        for contents in legacy.contents:
            try:
                write_spool_file(directory, user, legacy.name, contents)
            except OSError:
                continue
            written += 1
            break
    return written
