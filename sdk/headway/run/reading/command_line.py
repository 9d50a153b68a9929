"""Parse a command line as far as its program and the words that are safe to show.

Pure. Arguments may be passwords: only words that a tool's own table knows to be names are
taken from here, and parsing stops at the first option that the table does not know.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Pattern
else:
    from headway.light_typing import NamedTuple

# Without `re`: the command waits for what is imported here.
_VERSION = "0123456789."
_PYTHONS = ("python", "pypy")
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "mksh", "fish", "tcsh", "csh", "ash"))
_OTHER_USER = frozenset(("su", "sudo", "doas", "runuser", "pkexec", "run0"))
_PYTHON_FLAGS = frozenset("bBdEhiIOqsSuvx")


class Wrapper(NamedTuple):
    """A program that runs the rest of its own command line, as `sudo` and `env` do."""

    flags: frozenset[str]  # options without a value
    values: frozenset[str]  # options whose value is the next word
    operands: int = 0  # words before the command
    assignments: bool = False  # takes NAME=VALUE before the command
    elevates: bool = False  # runs it as another user


def option_set(text: str) -> frozenset[str]:
    """Return the words of `text`: a table of options, subcommands or names."""
    return frozenset(text.split())


def _wrapper(
    flags: str, values: str, operands: int = 0, assignments: bool = False, elevates: bool = False
) -> Wrapper:
    return Wrapper(option_set(flags), option_set(values), operands, assignments, elevates)


WRAPPERS = {
    "sudo": _wrapper(
        "-A -b -E -H -i -k -K -n -P -S -s --askpass --background --preserve-env --set-home"
        " --non-interactive --stdin --reset-timestamp",
        "-u -g -h -p -C -D -R -r -t -T -U --user --group --host --prompt --chdir",
        assignments=True,
        elevates=True,
    ),
    "doas": _wrapper("-L -n -s", "-u -C -a", elevates=True),
    "env": _wrapper("-i --ignore-environment -v", "-u --unset -C --chdir", assignments=True),
    "nice": _wrapper("", "-n --adjustment"),
    "ionice": _wrapper("-t", "-c -n --class --classdata"),
    "nohup": _wrapper("", ""),
    "time": _wrapper("-p -v --verbose", "-f -o --format --output"),
    "timeout": _wrapper(
        "--foreground --preserve-status -v --verbose", "-k -s --kill-after --signal", operands=1
    ),
    "setsid": _wrapper("-c -f -w --ctty --fork --wait", ""),
    "stdbuf": _wrapper("", "-i -o -e --input --output --error"),
    "eatmydata": _wrapper("", ""),
}


class Command(NamedTuple):
    """A command line and what was recognized of it.

    `program` is the name of the program that does the work ("pip" for `python3 -m pip`);
    `at` is the index in `argv` of the first word after it; `elevated` tells that it runs
    behind sudo or doas.
    """

    argv: tuple[str, ...]
    program: str
    at: int
    elevated: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words after the program."""
        return self.argv[self.at :]

    def with_options(self, *options: str, after: int = 0) -> list[str]:
        """Return the command line with `options` inserted after the first `after` words."""
        cut = self.at + after
        return [*self.argv[:cut], *options, *self.argv[cut:]]


def parse_command_line(argv: tuple[str, ...] | list[str]) -> Command:
    """Look through wrappers (sudo, env, nice…) and `python -m` to the program that does the work.

    Where a wrapper's options are not known the wrapper itself is the program.
    """
    argv = tuple(argv)
    at, elevated = 0, False
    while True:
        program = _basename(argv[at])
        wrapper = WRAPPERS.get(program)
        if wrapper is None:
            break
        inner = _inner_command(argv, at + 1, wrapper)
        if inner is None:
            return Command(argv, program, at + 1, elevated or wrapper.elevates)
        elevated = elevated or wrapper.elevates
        at = inner
    if _is_python(program):
        module = _module(argv, at + 1)
        if module is not None:
            return Command(argv, argv[module], module + 1, elevated)
    if program.rstrip(_VERSION) == "pip":
        program = "pip"
    return Command(argv, program, at + 1, elevated)


def needs_controlling_terminal(command: Command) -> bool:
    """Return whether a command needs a controlling terminal of its own.

    A shell for a person does: bash has no job control where its standard error is not its
    controlling terminal. So does what runs as another user: only a key of its terminal may signal
    that, and `sudo` may write the output to its terminal by name, where nobody would see it.
    """
    if command.elevated or command.program in _OTHER_USER:
        return True
    if command.program not in _SHELLS:
        return False
    # A script or "-c" makes it one for a program; options that take a value do not stand alone.
    return all(
        word.startswith("--") or (word[:1] in "-+" and "c" not in word) for word in command.words
    )


def plain_words(
    arguments: tuple[str, ...], flags: frozenset[str], values: frozenset[str], word: Pattern[str]
) -> list[str]:
    """Return the `arguments` that are not options and match `word`, up to an unknown option.

    `flags` are options without a value, `values` those that take one; `-x` and `--long` forms.
    """
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            continue
        if argument.startswith("-") and argument != "-":
            if argument.startswith("--") and "=" in argument:
                continue
            if argument in values:
                next(rest, None)
            elif argument not in flags and not _is_option_cluster(argument, flags, values):
                break
        elif word.match(argument):
            words.append(argument)
    return words


def marked_dry(name: str, words: tuple[str, ...], dry: Pattern[str]) -> str:
    """Return the name, marked where an option before `--` says that nothing is to be done."""
    options = words[: words.index("--")] if "--" in words else words
    return f"{name} (dry run)" if any(map(dry.match, options)) else name


def find_subcommand(
    words: tuple[str, ...],
    known: frozenset[str],
    flags: frozenset[str],
    values: frozenset[str],
) -> int | None:
    """Return the index of the first `known` subcommand; None after an unknown word or option.

    `flags` and `values` are the options that may precede it, as of `plain_words`.
    """
    rest = iter(enumerate(words))
    for index, word in rest:
        if word in known:
            return index
        if word in values:
            next(rest, None)
        elif word not in flags and not (word.startswith("--") and "=" in word):
            return None
    return None


def _is_option_cluster(argument: str, flags: frozenset[str], values: frozenset[str]) -> bool:
    """Return whether `-yq` or `-ofoo=bar` is made of known options."""
    if argument.startswith("--"):
        return False
    if argument[:2] in values:
        return True
    return all("-" + letter in flags for letter in argument[1:])


def _is_python(program: str) -> bool:
    """Return whether a program is a Python interpreter: python3.13, python3.14t, pypy3."""
    free_threaded = program[-1:] == "t" and program[:-1]
    return any(name and name.rstrip(_VERSION) in _PYTHONS for name in (program, free_threaded))


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isascii() and name.isidentifier()


def _basename(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _inner_command(argv: tuple[str, ...], at: int, wrapper: Wrapper) -> int | None:
    """Return the index of the command behind a wrapper, or None if that cannot be told."""
    operands = wrapper.operands
    while at < len(argv):
        word = argv[at]
        if word == "--":
            at += 1
            break
        if word.startswith("-") and word != "-":
            if word in wrapper.values:
                at += 2
                continue
            known = word in wrapper.flags or _is_option_cluster(word, wrapper.flags, wrapper.values)
            if not known and not (word.startswith("--") and "=" in word):
                return None
            at += 1
        elif wrapper.assignments and _is_assignment(word):
            at += 1
        elif operands:
            operands -= 1
            at += 1
        else:
            break
    return at if at < len(argv) else None


def _module(argv: tuple[str, ...], at: int) -> int | None:
    """Return the index of MODULE in `python … -m MODULE`, or None."""
    while at < len(argv):
        word = argv[at]
        if word == "-m":
            return at + 1 if at + 1 < len(argv) else None
        if word in ("-X", "-W"):
            at += 2
        elif word[:1] == "-" and word[1:] and _PYTHON_FLAGS.issuperset(word[1:]):
            at += 1
        else:
            return None
    return None


class FormContext(NamedTuple):
    """What a machine form may depend on.

    `status` is the number of the descriptor for status lines; `terminal` tells that the command
    writes to a terminal, `drawn` that a viewer draws there; `version` is the tool's, where it
    can be known without running it.
    """

    status: int
    terminal: bool = False
    drawn: bool = False
    version: tuple[int, ...] | None = None


class MachineForm(NamedTuple):
    """How to start a command so that it prints machine-readable progress.

    `hidden` matches the lines that are printed only because of this form: they are not passed
    on from `stream`, 1 or 2; where a spinner is drawn between them, they begin with `start`, but
    for their colours. `status` tells that it writes to the status descriptor.
    """

    argv: list[str]
    environ: dict[str, str]
    status: bool = False
    hidden: Pattern[bytes] | None = None
    stream: int = 2
    start: bytes = b""
