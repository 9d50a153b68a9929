"""Find the operations that a person can mean by an id, the beginning of one, or a name; pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Tuple

    from headway.model import Operation

    Label = Tuple[str, str]  # key and value


def has_labels(operation: Operation, labels: Iterable[Label]) -> bool:
    """Return whether an operation has all of these labels."""
    known = operation.labels or {}
    return all(known.get(key) == words for key, words in labels)


def meant(operations: Iterable[Operation], word: str) -> list[Operation]:
    """Return the operations that `word` means; several mean that it is ambiguous.

    Of several that have ended under one name, the latest is meant.
    """
    found = matching(operations, word)
    if len(found) > 1 and all(not op.open and op.name == word for op in found):
        return [max(found, key=lambda operation: operation.ended or 0.0)]
    return found


def matching(operations: Iterable[Operation], word: str) -> list[Operation]:
    """Return the operations that `word` can mean: an id, a prefix of ids, or a name.

    With open operations of that name, ended ones are not meant.
    """
    listed = list(operations)
    for operation in listed:
        if operation.id == word:
            return [operation]
    named = [operation for operation in listed if operation.name == word]
    if named:
        return [operation for operation in named if operation.open] or named
    folded = word.lower()
    return [operation for operation in listed if folded and operation.id.lower().startswith(folded)]
