"""Find what a person can mean by an id, the beginning of one, or a name; pure.

Where nothing is meant, `alike` and `similar_names` suggest what may be: verbs, options, names.
"""

from __future__ import annotations

from difflib import get_close_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Mapping, Tuple

    from headway.model import Operation

    Label = Tuple[str, str]  # key and value

ALIKE = 0.7  # of `difflib`: at its own 0.6 "logs" is like "bogus"
LEAST_WORD = 3  # characters of a word that is looked for: shorter ones are in everything
SUGGESTIONS = 3  # names that may be meant by one that nothing has


def has_labels(operation: Operation, labels: Iterable[Label]) -> bool:
    """Return whether an operation has all of these labels."""
    known = operation.labels or {}
    return all(known.get(key) == words for key, words in labels)


def is_labelled(
    operation: Operation, labels: Iterable[Label], known: Mapping[str, Operation]
) -> bool:
    """Return whether an operation has all of these labels, or is inside of one that has."""
    wanted = tuple(labels)
    passed: set[str] = set()
    one: Operation | None = operation
    while one is not None and one.id not in passed:
        if has_labels(one, wanted):
            return True
        passed.add(one.id)
        one = known.get((one.parent or "").partition("/")[0])
    return False


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

    So is the program of a name: "build.py" means "build.py: Compile" where nothing else is called
    so. With open operations of that name, ended ones are not meant.
    """
    listed = list(operations)
    for operation in listed:
        if operation.id == word:
            return [operation]
    named = [operation for operation in listed if operation.name == word]
    named = named or [operation for operation in listed if is_program_of(word, operation.name)]
    if named:
        return [operation for operation in named if operation.open] or named
    folded = word.lower()
    return [operation for operation in listed if folded and operation.id.lower().startswith(folded)]


def is_program_of(word: str, name: str) -> bool:
    """Return whether `word` is the program that a name begins with: of "build.py: Compile"."""
    return bool(word) and name.startswith(f"{word}: ")


def alike(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known words that are spelled like `word`, the likeliest first, `most` at most.

    One slip of the keyboard comes first: of short words `difflib` finds a swapped letter unlike.
    """
    words = list(known)
    close = [one for one in words if len(word) >= LEAST_WORD and _one_slip(word, one)]
    close += get_close_matches(word, words, n=most, cutoff=ALIKE)
    return list(dict.fromkeys(close))[:most]


def similar_names(names: Iterable[str], word: str, script: str | None = None) -> list[str]:
    """Return the names that contain `word`, are in it or spelled like it, `SUGGESTIONS` at most.

    So is that of the `script` which `word` runs. Earlier names come first; of those that differ
    in their case the first stands for all.
    """
    named: dict[str, str] = {}
    for name in names:
        named.setdefault(name.lower(), name)
    folded = word.lower()
    close = [name for name in named if script is not None and name == script.lower()]
    close += [name for name in named if folded and folded in name]
    close += [name for name in named if len(name) >= LEAST_WORD and f" {name} " in f" {folded} "]
    close += alike(folded, named, SUGGESTIONS)
    return [named[name] for name in list(dict.fromkeys(close))[:SUGGESTIONS]]


def _one_slip(word: str, other: str) -> bool:
    """Return whether one letter is wrong, missing, too many, or swapped with the next."""
    short, long = sorted((word, other), key=len)
    if len(long) - len(short) > 1 or short == long:
        return False
    at = next((at for at, (a, b) in enumerate(zip(short, long)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]
