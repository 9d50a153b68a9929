"""Encode the changes of a replica as JSON lines of the public form."""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from headway.model import Operation
from headway.protocol.messages import Lines, WorkDone
from headway_viewer.public_json.cache import JsonCache
from headway_viewer.public_json.schema import SCHEMA, encode, operation_object
from headway_viewer.replica.replica import Changes, Replica


class Writer:
    """Encodes JSON lines, without their newlines."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._cache = JsonCache(replica)

    def snapshot(self, now: float, chosen: Iterable[Operation] | None = None) -> str:
        """Return a snapshot of all operations, or of those `chosen`, as one line."""
        replica = self._replica
        operations = replica.operations.values() if chosen is None else chosen
        return self._line(
            "snapshot",
            now,
            operations=[operation_object(operation, replica, now) for operation in operations],
        )

    def beginning(
        self, now: float, chosen: list[Operation], number: int
    ) -> tuple[str, list[tuple[str, str]]]:
        """Return a snapshot of the first `number` that names the others, and a line for each.

        Whoever is to answer a key meanwhile takes in a line at a time.
        """
        replica, others = self._replica, chosen[number:]
        first = self._line(
            "snapshot",
            now,
            operations=[operation_object(one, replica, now) for one in chosen[:number]],
            others=[one.id for one in others],
        )
        head = self._head(now)
        return first, [
            (one.id, f"{head}{self._cache.encode_operation(one, now)}}}") for one in others
        ]

    def changes(self, changes: Changes, now: float, names: set[str] | None = None) -> Iterator[str]:
        """Yield a line for each change; `names` restricts them to these operations."""
        return (line for _, line in self.keyed_changes(changes, now, names))

    def keyed_changes(
        self, changes: Changes, now: float, names: set[str] | None = None
    ) -> Iterator[tuple[str | None, str]]:
        """Yield each line of `changes` with the id of the operation that it is about, or None."""
        replica = self._replica
        if changes.missed is not None:
            yield None, self._line("gap", now, missed=changes.missed)
        if changes.fresh:
            chosen = [
                operation
                for operation in replica.operations.values()
                if names is None or operation.id in names
            ]
            yield None, self.snapshot(now, chosen)
        else:
            head = self._head(now)
            for name in changes.operations:
                if names is None or name in names:
                    encoded = self._cache.encode_operation(replica.operations[name], now)
                    yield name, f"{head}{encoded}}}"
        for name in changes.removed:
            self._cache.forget(name)
        removed = [name for name in changes.removed if names is None or name in names]
        if removed:
            yield None, self._line("removed", now, operations=removed)

    def log(self, message: Lines | WorkDone, now: float) -> str:
        """Return the output lines of an operation, or its hidden counts, as one line."""
        if isinstance(message, WorkDone):
            return self._line(
                "work",
                message.now,
                operation=message.operation,
                cpu=message.cpu,
                read=message.read,
                written=message.written,
                lines=message.lines,
            )
        return self._line(
            "log", now, operation=message.operation, stage=message.stage, lines=message.lines
        )

    def _head(self, now: float) -> str:
        """Return the line of an operation as far as the operation."""
        return self._line("operation", now, operation=None)[: -len("null}")]

    def _line(self, kind: str, now: float, **fields: Any) -> str:
        replica = self._replica
        return encode(
            {
                "schema": SCHEMA,
                "type": kind,
                "instance": replica.instance,
                "seq": replica.sequence,
                "time": round(replica.unix(now), 3),
                **fields,
            }
        )
