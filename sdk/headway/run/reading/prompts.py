"""Whether a line that does not end is a question to a person."""

from __future__ import annotations

import re

_QUESTION = re.compile(
    r"(?i)[\[(]\s*y(?:es)?\s*/\s*n(?:o)?(?:\s*/[^\])]*)?\s*[\])]"
    r"|(?:password|passphrase|passcode|pin|username|otp|token)\b.*:$"
    r"|\[default=[^\]]*\] ?\?$|press (?:any key|enter|return)|\(yes/no[^)]*\)|\?$"
)


def asks(line: str) -> bool:
    """Tell whether `line`, the last one and without its end, waits for an answer."""
    return len(line) < 400 and _QUESTION.search(line.rstrip()) is not None
