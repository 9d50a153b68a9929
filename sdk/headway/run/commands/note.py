"""`headway shell note`: report a command that an interactive shell has run, after its end.

Called by the hook of the prompt. The line comes on standard input; what is told of it is what
`headway run` would tell: the program, and words that are known to be safe to show.
"""

from __future__ import annotations

import os
import sys
import time

from headway.run.exit_status import outcome_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

SLACK = 1.0  # seconds: shells count whole ones
LINE_LIMIT = 1 << 16  # characters of a command line
# A person was busy in these, not waiting for them.
INTERACTIVE = frozenset(
    (
        *("bash", "bg", "emacs", "fg", "fish", "htop", "info", "ipython", "ipython3", "joe"),
        *("less", "lynx", "man", "mc", "more", "most", "mutt", "mysql", "nano", "nvim", "pico"),
        *("psql", "ranger", "screen", "sh", "sqlite3", "ssh", "su", "tail", "tig", "tmux", "top"),
        *("vi", "view", "vim", "w3m", "wait", "watch", "zsh", "headway", "hw_retry"),
    )
)
_ENDS_COMMAND = frozenset(("|", "||", "&", "&&", ";", "<", ">", ">>", "(", ")", "|&", ";;", "&>"))


def main(arguments: Sequence[str]) -> int:
    """Report the command on standard input: `note SECONDS STATUS`; return the exit status."""
    try:
        seconds, status = float(arguments[0]), int(arguments[1])
    except (IndexError, ValueError):
        sys.stderr.write(
            "headway shell note: it takes SECONDS and STATUS, from the prompt's hook\n"
        )
        return 2
    begun = time.monotonic() - max(seconds, 0.0)
    try:
        words = words_of(sys.stdin.read(LINE_LIMIT))
        if words and not is_interactive(words) and not _reports_itself(seconds):
            report(words, begun, status)
    except Exception:
        pass  # the prompt stands there already
    return 0


def words_of(line: str) -> list[str]:
    """Return the words of the first command of a line; [] where that is no plain command."""
    import shlex  # noqa: PLC0415 - only here

    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word in _ENDS_COMMAND or set(word) <= set("|&;<>()"):
                break
            name, given, _ = word.partition("=")
            if not words and given and name.isidentifier():
                continue  # a variable for the command
            words.append(word)
    except ValueError:  # a quotation that does not end, as in a here-document
        pass
    return words


def is_interactive(words: list[str]) -> bool:
    """Return whether a person was busy in the command."""
    program = os.path.basename(words[0])
    if program in ("sudo", "doas", "time", "nice", "command", "exec") and len(words) > 1:
        return is_interactive(words[1:])
    return program in INTERACTIVE or (program.startswith("python") and len(words) == 1)


def _reports_itself(seconds: float) -> bool:
    """Return whether an operation of this terminal began while the command ran."""
    import json  # noqa: PLC0415 - only here
    import subprocess  # noqa: PLC0415

    from headway.host import identity  # noqa: PLC0415

    listing = [sys.executable, "-m", "headway", "ps", "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - our own
            listing, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
        operations = json.loads(done.stdout)["operations"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return False
    here = identity.terminal()
    if here is None:
        return False
    since = time.time() - seconds - SLACK
    return any(
        one["tty"] == here and one["started"] is not None and one["started"] >= since
        for one in operations
    )


def report(words: list[str], begun: float, status: int) -> None:
    """Report a command as an operation that began at `begun` and has ended with `status`."""
    from headway.api.opening import operation as open_operation  # noqa: PLC0415
    from headway.run.history_keys import keys_of, working_directory  # noqa: PLC0415
    from headway.run.parsers.registry import name_command  # noqa: PLC0415
    from headway.run.progress.operation_updater import OperationUpdater  # noqa: PLC0415
    from headway.run.reading.command_line import parse_command_line  # noqa: PLC0415

    command = parse_command_line(words)
    operation = open_operation(
        name_command(command, working_directory()), display="quiet", cancellable=False
    )
    operation.model.started = begun
    keys = keys_of(command, None, terminal=True)
    if keys is not None:
        operation.model.key, operation.model.coarser, operation.model.former = keys
    operation.start()
    # As wait() would have it: a shell says 128 + N of what died of signal N.
    waited = status - 128 if 128 < status < 193 else (status & 255) << 8
    outcome = outcome_of(waited, None, None, False, None, time.monotonic())
    OperationUpdater(operation).end(outcome, status)
