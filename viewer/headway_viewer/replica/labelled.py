"""Which operations have some labels, or are inside of one that has, as changes come. Pure."""

from __future__ import annotations

from typing import Mapping, Sequence

from headway.lookup import is_labelled
from headway.model import Operation
from headway_viewer.replica.replica import Changes


class Labelled:
    """Chooses operations by `labels`; without any, all.

    A part may be known before its whole, or before the whole has its labels. What was chosen once
    stays so.
    """

    def __init__(self, labels: Sequence[tuple[str, str]]) -> None:
        self._labels = tuple(labels)
        self._names: set[str] = set()

    @property
    def names(self) -> set[str] | None:
        """Return the ids of those that are chosen; None: all."""
        return self._names if self._labels else None

    def absorb(self, changes: Changes, known: Mapping[str, Operation]) -> list[str]:
        """Return the ids of those chosen that have changed, or that are chosen from now on."""
        if not self._labels:
            return changes.operations
        names = self._names
        if changes.fresh:
            names.clear()
        looked_at = list(known) if changes.fresh else changes.operations
        new = [name for name in looked_at if name not in names and self._has(known[name], known)]
        names.update(new)
        told = [name for name in changes.operations if name in names]
        if new and not changes.fresh:
            inside = [
                name
                for name, one in known.items()
                if one.parent is not None and name not in names and self._has(one, known)
            ]
            names.update(inside)
            told += inside
        return told

    def forget(self, removed: Sequence[str]) -> None:
        """Drop what is gone."""
        self._names.difference_update(removed)

    def _has(self, operation: Operation, known: Mapping[str, Operation]) -> bool:
        return is_labelled(operation, self._labels, known)
