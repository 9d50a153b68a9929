"""The rungs by which runs of a command are found again: from this very call to its kind.

Pure. A rung is a list of words; two runs are of one kind where all words of a rung are equal. The
words are arguments, so nobody but a keyed hash may see them. Coarser rungs drop values (paths,
numbers, versions, dates), never option letters, sub-commands or texts: `tar -c` says nothing of
`tar -x`, nor one `sh -c` of another.
In the folders for temporary files what `mktemp` and its like have named is a value in every rung,
as it is another one each time.
A program alone is a rung only where it is an interpreter with its script.
"""

from __future__ import annotations

from headway.run.reading.command_line import Command
from headway.run.reading.script import absolute, basename, find_script, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_DIGITS = "0123456789"
_DIGIT_SET = frozenset(_DIGITS)
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - nothing is made there
_MADE_UP = 6  # characters that `mktemp` makes up at least; Python makes up eight
_PYTHONS_MADE_UP = 8
_TOOL_FOLDERS = ("bin", "sbin")
_SUFFIX_LENGTH = 5  # characters of a file's suffix, as in "notes.jsonl"


def rungs_of(
    command: Command, cwd: str, *, terminal: bool, known: bool, temporary: str = ""
) -> list[list[str]]:
    """Return the rungs of a command, the finest first.

    `cwd` is the working directory; `terminal` tells whether its output goes to one, `known`
    whether a parser knows the program: it is a tool then, however it is called. `temporary` is
    a further folder for temporary files.
    """
    folders = (*_TEMPORARY, temporary.rstrip("/")) if temporary else _TEMPORARY
    command = command._replace(argv=tuple(_lasting(word, folders) for word in command.argv))
    cwd = _lasting(cwd, folders)
    script = None if known else find_script(command)
    folder = folder_of(command, cwd)
    head = [command.program]
    rest = list(command.words)
    if script is not None:
        word = command.argv[script.at]
        if script.module:
            head = ["-m", word, basename(cwd)]
        else:
            head = [command.program, absolute(word, cwd)]
            rest = list(command.argv[command.at : script.at] + command.argv[script.at + 1 :])
    whole = list(command.argv)
    place = cwd
    if script is not None and not script.module:
        # Wherever it is called from it is that script; a tool works on the folder that it is in.
        whole[script.at] = absolute(whole[script.at], cwd)
        place = cwd if _is_tool(whole[script.at]) else ""
    found = [["call", place, "terminal" if terminal else "pipe", *whole]]
    if script is None and folder is None:
        found.append(["arguments", *whole])
    elif folder is not None:
        head.append(basename(folder))
        found.append(["folder", folder, *rest])
    counts = script is not None or folder is not None
    for rung, drop in (("numbers", _without_numbers), ("paths", _without_paths)):
        kept = [word for word in (_text_or(drop, word) for word in rest) if word]
        if kept or counts:
            found.append([rung, *head, *kept])
    if script is not None:
        found.append(["script", *head])
    return found


def _lasting(word: str, folders: tuple[str, ...]) -> str:
    """Return a word with `*` for what was made up in a path below one of `folders`."""
    for folder in folders:
        at = word.find(f"{folder}/")
        if at < 0 or (at and word[at - 1] not in "=:,@"):
            continue
        begin = at + len(folder) + 1
        name, slash, rest = word[begin:].partition("/")
        if _is_made_up(name):
            return f"{word[:begin]}*{slash}{rest}"
    return word


def _is_made_up(name: str) -> bool:
    """Return whether `mktemp` or Python makes up such names: "tmp.Xk3jYx9aBc", "a-k3j_x9ab"."""
    before, tail = name[:-_PYTHONS_MADE_UP], name[-_PYTHONS_MADE_UP:]
    if before == "tmp" or before[-1:] in (".", "-"):
        if tail.replace("_", "a").isalnum() and tail == tail.lower() and _is_mixed(tail):
            return True
        if before == "tmp":
            return tail.isalnum()
    tail = name.rpartition(".")[2] if "." in name else name.rpartition("-")[2]
    return tail != name and len(tail) >= _MADE_UP and tail.isalnum() and _is_mixed(tail)


def _is_mixed(text: str) -> bool:
    """Return whether a text is no word: it has digits, or capitals after its first letter."""
    return any(letter in _DIGIT_SET for letter in text) or text[1:] != text[1:].lower()


def _is_tool(script: str) -> bool:
    """Return whether the path of a script is that of a program which is installed."""
    return basename(script.rpartition("/")[0]) in _TOOL_FOLDERS


def _text_or(drop: Callable[[str], str], word: str) -> str:
    """Return what `drop` leaves of a word; a text (the program of `sh -c`) stays as it is."""
    return word if any(letter.isspace() for letter in word) else drop(word)


def _without_numbers(word: str) -> str:
    """Return a word without its numbers, versions and dates; empty if it is only that."""
    if _is_letter(word):
        return word
    bare = "".join("0" if letter in _DIGIT_SET else letter for letter in word)
    if bare == word:
        return word
    while "00" in bare:
        bare = bare.replace("00", "0")
    for version in ("0.0", "0-0", "0:0", "0_0"):
        while version in bare:
            bare = bare.replace(version, "0")
    if word.startswith("-"):
        return bare.rstrip("0")
    return "" if not any(letter.isalpha() for letter in bare) else bare


def _without_paths(word: str) -> str:
    """Return a word without its numbers, and empty where it is a path or an address."""
    if _is_letter(word):
        return word
    if word.startswith("-"):
        option, equals, value = word.partition("=")
        if equals:
            return option + "=" + _without_paths(value)
        return _without_numbers(option.partition("/")[0])
    name, equals, value = word.partition("=")
    if equals and name.isidentifier():
        return name + "=" + _without_paths(value)
    return "" if _is_path(word) else _without_numbers(word)


def _is_letter(word: str) -> bool:
    """Return whether a word is an option of one letter or digit, as `-9` of gzip is."""
    return len(word) == 2 and word[0] == "-"


def _is_path(word: str) -> bool:
    if "/" in word or word[:1] in ("~", "."):
        return True
    stem, dot, suffix = word.rpartition(".")
    return bool(dot and stem) and 0 < len(suffix) <= _SUFFIX_LENGTH and suffix.isalnum()
