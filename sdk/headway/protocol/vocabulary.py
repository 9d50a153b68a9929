"""Headway's own words on how something ended: a closed vocabulary, which `redaction` keeps.

Pure. Whatever else stands as an error may be a line of output or the text of an exception. In a
phrase `N` stands for a figure and `SIGNAL` for the name of a signal: nothing else varies, so
that a text which has the form of a phrase tells nothing that a count or a status would not.
"""

from __future__ import annotations

ENDED_BEFORE = "the program ended before it"
# The reason of what is open where a program leaves by `os._exit` with success.
LEFT_AT_ONCE = "left by os._exit"
LET_GO = "the program let go of it before its end"
# The reason of a command of several that is ended because their `headway run` is no more.
COORDINATOR_KILLED = "headway run was killed"
UNKNOWN_STATUS = "its exit status is not known"
FAILED_WITHOUT_WORDS = "failed"

_PHRASES = frozenset(
    {
        ENDED_BEFORE,
        LET_GO,
        COORDINATOR_KILLED,
        UNKNOWN_STATUS,
        FAILED_WITHOUT_WORDS,
        "Operation failed",
        "N of N failed",
        "exit status N",
        "interrupted by SIGNAL",
        "interrupted by signal N",
        "killed by SIGNAL",
        "killed by signal N",
        "left at N",
        "left at N of N",
        "stopped",
        "stopped at N",
        "stopped at N of N",
        "the program ended with status N",
        *(
            f"took longer than N {unit}{usual}"
            for unit in ("s", "min", "h", "days")
            for usual in ("", ", N × usual")
        ),
    }
)
_SIGNALS = (
    " SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGEMT SIGFPE SIGHUP SIGILL SIGINFO SIGINT"
    " SIGIO SIGIOT SIGKILL SIGLOST SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN"
    " SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1"
    " SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ "
)
_LONGEST = 100  # characters: no phrase has more


def exit_status(code: int) -> str:
    """Return the error of what ended with a status."""
    return f"exit status {code}"


def killed_by(signal: str) -> str:
    """Return the error of what a signal has ended; `signal` is its name, or "signal 35"."""
    return f"killed by {signal}"


def interrupted_by(signal: str) -> str:
    """Return the reason of what was cancelled by a signal of that name."""
    return f"interrupted by {signal}"


def took_longer(limit: str, factor: float | None) -> str:
    """Return the error of what took longer than it may: `limit`, or so many times its usual."""
    return f"took longer than {limit}" + ("" if factor is None else f", {factor:g} × usual")


def are_own(text: str) -> bool:
    """Return whether `text` is a phrase that Headway itself words."""
    if len(text) > _LONGEST:
        return False
    return " ".join(_kind(word) for word in text.split(" ")) in _PHRASES


def _kind(word: str) -> str:
    """Return `N` for a figure, `SIGNAL` for the name of a signal, and other words as they are."""
    figure = word[1:] if word[:1] == "-" else word
    if figure[:1].isdigit() and figure.replace(",", "").replace(".", "", 1).isdigit():
        return "N" if figure.isascii() else word
    if word and f" {word} " in _SIGNALS:
        return "SIGNAL"
    return "" if word in ("N", "SIGNAL") else word
