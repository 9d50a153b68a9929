"""Find the script that an interpreter runs, and the folder that a build works in.

Pure. As in `command_line`, parsing stops at the first option that is not known: what follows may
be anything. Absent: who calls it what (`registry`).
"""

from __future__ import annotations

from headway.run.reading.command_line import Command, option_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

_VERSION = "0123456789."


class Interpreter(NamedTuple):
    """The options of an interpreter that may stand before its script."""

    flags: str = ""  # letters without a value, which may be joined
    values: frozenset[str] = frozenset()  # options whose value is the next word
    long: frozenset[str] = frozenset()  # long options without a value


_SHELL = Interpreter(
    "abefhkmnptuvxBCEHPTil",
    option_set("-o -O +o +O --rcfile --init-file"),
    option_set("--login --norc --noprofile --posix --restricted --verbose"),
)
_PYTHON = Interpreter("bBdEhiIOqsSuvxPR", option_set("-X -W --check-hash-based-pycs"))
INTERPRETERS = {
    **dict.fromkeys(("bash", "sh", "dash", "zsh", "ksh", "mksh", "ash", "fish"), _SHELL),
    **dict.fromkeys(("python", "pypy"), _PYTHON),
    "perl": Interpreter("cnpsStTuUvwWX"),
    "ruby": Interpreter("acdlnpsSvwW", option_set("-C -I -r")),
    **dict.fromkeys(
        ("node", "nodejs"),
        Interpreter(
            "i",
            option_set("-r --require --import --loader --env-file"),
            option_set("--watch --trace-warnings --no-warnings --enable-source-maps --inspect"),
        ),
    ),
    "php": Interpreter("nqC", option_set("-c -d -z")),
    "lua": Interpreter("iEW", option_set("-l")),
    "Rscript": Interpreter(
        "", frozenset(), option_set("--vanilla --verbose --no-save --slave --no-restore")
    ),
    "julia": Interpreter("iq", option_set("-p -t -J -L")),
    "tclsh": Interpreter(),
    "java": Interpreter("", option_set("-cp -classpath --class-path --module-path")),
}
# What takes its files from a folder, so that there are as many of its works as folders.
FOLDER_TOOLS = option_set(
    "make gmake ninja cmake cargo npm yarn pnpm bun mvn gradle gradlew ant sbt rake tox nox meson"
    " bazel just go mix composer bundle pytest"
)
_NAMED_FOLDER = {
    "make": "-C",
    "gmake": "-C",
    "ninja": "-C",
    "cmake": "--build",
    "npm": "--prefix",
}
# Suffixes of scripts that are run by their own name.
_SUFFIXES = (".sh", ".bash", ".zsh", ".py", ".pl", ".rb", ".js", ".lua", ".php", ".R", ".jl")
# The words after which a tool works on the machine and not in a folder.
_EVERYWHERE = {"cargo": option_set("install"), "npm": option_set("-g --global")}


class Script(NamedTuple):
    """A script and the index in `argv` of its word; `module` tells that of `python -m`."""

    at: int
    module: bool = False


def find_script(command: Command) -> Script | None:
    """Return the script that an interpreter runs, or the command if it is one; else None."""
    program = _stem(command.argv[command.at - 1])
    if _interpreter(program) is None:
        module = command.at >= 3 and command.argv[command.at - 2].endswith("-m")
        before = command.argv[: command.at - 2] if module else ()
        if any(_interpreter(_stem(word)) is _PYTHON for word in before):
            return Script(command.at - 1, module=True)
        word = command.argv[command.at - 1]
        return Script(command.at - 1) if word.endswith(_SUFFIXES) else None
    return _behind_options(command, program)


def folder_of(command: Command, cwd: str) -> str | None:
    """Return the path of the folder that a build tool works in; None for what is no such tool."""
    words = command.words
    if command.program not in FOLDER_TOOLS or _EVERYWHERE.get(
        command.program, frozenset()
    ).intersection(words):
        return None
    option = _NAMED_FOLDER.get(command.program)
    for at, word in enumerate(words):
        if word == "--":
            break
        if option is not None and word == option and at + 1 < len(words):
            return absolute(words[at + 1], cwd)
        if option == "-C" and word.startswith("-C") and len(word) > 2:
            return absolute(word[2:], cwd)
    return cwd


def absolute(path: str, cwd: str) -> str:
    """Return `path` seen from `cwd`, without `.` and trailing slashes."""
    if not path.startswith("/"):
        path = cwd.rstrip("/") + "/" + path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def basename(path: str) -> str:
    """Return the last part of a path."""
    return path.rstrip("/").rsplit("/", 1)[-1]


def _stem(word: str) -> str:
    return basename(word)


def _interpreter(program: str) -> Interpreter | None:
    bare = (
        program[:-1]
        if program[-1:] == "t" and program[:-1].rstrip(_VERSION) == "python"
        else program
    )
    return INTERPRETERS.get(program) or INTERPRETERS.get(bare.rstrip(_VERSION))


def _behind_options(command: Command, program: str) -> Script | None:
    kind = _interpreter(program)
    argv, at = command.argv, command.at
    while kind is not None and at < len(argv):
        word = argv[at]
        if word == "--":
            at += 1
            break
        if word == "-jar" and kind is INTERPRETERS["java"]:
            at += 1
            break
        if word[:1] not in ("-", "+"):
            break
        if word in kind.values:
            at += 2
        elif (
            word in kind.long
            or (word.startswith("--") and "=" in word)
            or (kind is INTERPRETERS["java"] and word.startswith(("-X", "-D", "-ea")))
        ):
            at += 1
        elif kind is _SHELL and len(word) > 2 and word[-1] == "o" and _are_flags(word[1:-1], kind):
            at += 2  # of `bash -euo pipefail`
        elif word[1:] and not word.startswith("--") and _are_flags(word[1:], kind):
            at += 1
        else:
            return None  # `-c`, whose next word is a program text, or what nobody knows
    return Script(at) if at < len(argv) and argv[at] not in ("", "-") else None


def _are_flags(letters: str, kind: Interpreter) -> bool:
    return bool(letters) and all(letter in kind.flags for letter in letters)
