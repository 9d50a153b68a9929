"""The messages of a fleet turned into those of a broker: a snapshot, then deltas.

Pure. So a fleet is folded by the same replica as the operations of one machine. All times are
moved to the viewer's clock. The host of an operation is the one whose subject it was published
under, which the server's permissions confine; what a message says of that does not count. Absent:
the connection, and the requests (`jetstream`).
"""

from __future__ import annotations

from typing import Any

from headway.protocol.checks import Malformed
from headway.protocol.messages import Delta, Pulse, Removed, Snapshot
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import ENDED
from headway_viewer.fleet import subjects
from headway_viewer.fleet.hosts import Host, Hosts, Key
from headway_viewer.fleet.state_message import HEARTBEAT, REMOVED, NewerVersion, decode
from headway_viewer.replica.replica import Replica

INSTANCE = "fleet"
OPERATIONS_LIMIT = 200_000  # of a fleet that one viewer shows
PART_ROWS = 1_000  # of a snapshot: of about the same age
_ID, _HOST = OPERATION_FIELDS.index("id"), OPERATION_FIELDS.index("host")
_STATE = OPERATION_FIELDS.index("state")
_OPERATION_TIMES = (OPERATION_FIELDS.index("started"), OPERATION_FIELDS.index("ended"))
_STAGE_TIMES = (STAGE_FIELDS.index("started"), STAGE_FIELDS.index("ended"))
_FIGURE_TIMES = (2, 7)  # `silent_since` and `stalled_since` of `OperationFigures`
_STAGE_STARTED, _STAGE_ENDED = _STAGE_TIMES
_STOPS = 8


class FleetStream:
    """Folds what comes into `replica`; a subscription begins with all there is.

    Times are the viewer's monotonic seconds, but for those of the server (`stored`, Unix).
    """

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.hosts = Hosts()
        self.newer: set[str] = set()  # hosts that speak a newer version
        self.malformed = 0
        self.over = 0  # operations beyond the limit
        self._owners: dict[str, Key] = {}
        self._begun = 0.0  # when the subscription began, here
        self._server = 0.0  # and by the server's clock
        self._rest: int | None = None  # messages until the snapshot is whole; None: none is awaited
        self._rows: dict[str, tuple[float, list[Any]]] = {}  # of it, with when they were told
        self._changed: dict[str, list[Any]] = {}
        self._removed: dict[str, None] = {}

    def begin(self, pending: int, server: float, local: float, unix: float) -> None:
        """Note that a subscription has begun, with `pending` messages that make a snapshot."""
        self.replica.connection_lost()
        self._begun, self._server = local, server
        self._rest = pending
        self._rows, self._changed, self._removed = {}, {}, {}
        self._owners = {}
        for host in self.hosts.known.values():
            host.operations = {}
            host.whole = False
        if pending == 0:
            self._finish(local, unix)

    def lost(self) -> None:
        """Note that the connection is lost."""
        self._rest = None
        self.replica.connection_lost()

    def receive(
        self, subject: str, data: bytes, stored: float, pending: int, local: float, unix: float
    ) -> None:
        """Take a message in; `pending` is how many the server still has at hand."""
        if self._rest is None and self.replica.wanted:
            return
        self._take(subject, data, min(self._begun + stored - self._server, local))
        if self._rest is not None:
            self._rest -= 1
            if self._rest <= 0 or pending == 0:
                self._finish(local, unix)

    def flush(self, local: float, unix: float) -> None:
        """Fold in what has come since the last call, and which hosts are not heard of."""
        if self._rest is not None or self.replica.wanted:
            return
        replica = self.replica
        if self._removed:
            names = list(self._removed)
            self._removed = {}
            replica.fold(Removed(INSTANCE, replica.sequence + 1, local, names), local)
        if self._changed:
            rows = list(self._changed.values())
            self._changed = {}
            replica.fold(Delta(INSTANCE, replica.sequence + 1, local, rows), local)
        replica.fold(Pulse(INSTANCE, replica.sequence, local, unix), local)
        self._look(local)

    @property
    def collecting(self) -> bool:
        """Return whether a snapshot is on its way."""
        return self._rest is not None

    def reporter_of(self, operation: str) -> Key | None:
        """Return the uplink that tells of an operation."""
        return self._owners.get(operation)

    def _take(self, subject: str, data: bytes, at: float) -> None:
        named = subjects.read(subject)
        if named is None:
            return
        try:
            message = decode(data)
        except NewerVersion:
            self.newer.add(named.host)
            return
        except Malformed:
            self.malformed += 1
            return
        reporter = message.reporter if named.reporter is None else named.reporter
        key = Key(named.site, named.host, reporter)
        host = self.hosts.get(key)
        host.hear(at)
        if message.kind == HEARTBEAT:
            host.beat(message.session, at, whole=message.whole, absent=message.absent)
            self._forget_untold(host)
            return
        name = named.operation
        if name is None:
            return
        if message.kind == REMOVED:
            if self._owners.get(name) == key:
                self._remove(name)
            return
        row = message.row
        if row is None or row[0] != name or row[1][_ID] != name:
            self.malformed += 1
            return
        if self._owners.setdefault(name, key) != key:  # of another host: ids do not repeat
            self.malformed += 1
            return
        if name not in host.operations and len(self._owners) > OPERATIONS_LIMIT:
            del self._owners[name]
            self.over += 1
            return
        if name not in host.operations and host.told != (None, None):
            host.told = None  # the new one is to be told, too
        host.operations[name] = message.session
        _move_times(row, host.shift(message.session, message.now, at))
        if len(row[1]) > _HOST:
            row[1][_HOST] = named.host
        self._removed.pop(name, None)
        if self._rest is None:
            self._changed[name] = row
        else:
            self._rows[name] = (at, row)

    def _forget_untold(self, host: Host) -> None:
        """Forget what is open and was told by an earlier session: the host knows it no more."""
        if not host.whole or self._rest is not None:
            return
        for name, session in list(host.operations.items()):
            if session != host.session and self._is_open(name):
                self._remove(name)

    def _is_open(self, name: str) -> bool:
        row = self._changed.get(name)
        if row is None and name in self._rows:
            row = self._rows[name][1]
        if row is not None:
            return row[1][_STATE] not in ENDED
        operation = self.replica.operations.get(name)
        return operation is not None and operation.open

    def _remove(self, name: str) -> None:
        key = self._owners.pop(name, None)
        if key is not None:
            self.hosts.get(key).operations.pop(name, None)
        self._rows.pop(name, None)
        self._changed.pop(name, None)
        self._removed[name] = None

    def _finish(self, local: float, unix: float) -> None:
        self._rest = None
        for host in self.hosts.known.values():
            self._forget_untold(host)
        # An estimate counts down from when it was told, so a part has rows of one age.
        aged = sorted(self._rows.values(), key=lambda one: one[0])
        self._rows, self._removed = {}, {}
        groups: list[tuple[float, list[Any]]] = []
        for at, row in aged:
            if not groups or at - groups[-1][0] > 1.0 or len(groups[-1][1]) >= PART_ROWS:
                groups.append((at, []))
            groups[-1][1].append(row)
        groups.append((local, []))
        replica = self.replica
        sequence = replica.sequence + 1
        for number, (at, rows) in enumerate(groups, 1):
            wall = unix - (local - at)
            replica.fold(Snapshot(INSTANCE, sequence, at, wall, number, len(groups), rows), local)
        for host in self.hosts.known.values():
            host.told = None  # of the operations that there are now
        self._look(local)

    def _look(self, local: float) -> None:
        for host in self.hosts.look(local):
            self.replica.set_contact(host.operations, *host.contact)


def _move_times(row: list[Any], shift: float) -> None:
    """Add `shift` to the times of a row; what is none is left to the check of the replica."""
    _move(row[1], _OPERATION_TIMES, shift)
    for stage in row[2] if type(row[2]) is list else ():
        if type(stage) is list and len(stage) > _STAGE_ENDED:
            # As below, without a call: a late viewer reads hundreds of thousands.
            if type(stage[_STAGE_STARTED]) is float:
                stage[_STAGE_STARTED] += shift
            if type(stage[_STAGE_ENDED]) is float:
                stage[_STAGE_ENDED] += shift
        else:
            _move(stage, _STAGE_TIMES, shift)
    figures = row[4]
    if type(figures) is not list:
        return
    _move(figures, _FIGURE_TIMES, shift)
    if len(figures) > _STOPS and type(figures[_STOPS]) is list:
        for stop in figures[_STOPS]:
            _move(stop, (0, 1), shift)


def _move(record: Any, places: tuple[int, ...], shift: float) -> None:
    if type(record) is not list:
        return
    for place in places:
        if place < len(record) and type(record[place]) in (int, float):
            record[place] += shift
