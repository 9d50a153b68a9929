"""Recognize a question or a prompt, such as for a password, in a line of output."""

from __future__ import annotations

from headway.run.late_pattern import late_pattern

# Characters beyond which a line is no prompt: no question is longer than a few rows.
_PROMPT_LIMIT = 400
_QUESTION = late_pattern(
    r"(?i)[\[(]\s*y(?:es)?\s*/\s*n(?:o)?(?:\s*/[^\])]*)?\s*[\])]"
    r"|(?:password|passphrase|passcode|pin|username|otp|token)\b.*:$"
    r"|\[default=[^\]]*\] ?\?$|press (?:any key|enter|return)|\(yes/no[^)]*\)|\?$"
)


def is_prompt(line: str) -> bool:
    """Return whether `line`, the last one and unfinished, asks for an answer."""
    return 0 < len(line) < _PROMPT_LIMIT and _QUESTION.search(line.rstrip()) is not None


def may_ask(line: str) -> bool:
    """Return whether `line` ends as prompts do; to be held against what its program does."""
    return is_prompt(line) or line.rstrip()[-1:] in tuple(":?>)]")


def question(rest: str, last: str) -> str:
    """Return what a program asks that waits for input: its unfinished line, or its last one.

    `last` is the last finished line, which may be about something else: then nothing is.
    """
    return rest or (last if may_ask(last) else "")
