"""Loops around loops in a finished run: groups that count the rounds in which others were run.

The size of such a group is its rounds times the size of one of them.
"""

from __future__ import annotations

from math import log

from headway.estimate.history.span import KEY_SEPARATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

    from headway.estimate.history.span import Span


def rounds(spans: Mapping[str, Span]) -> dict[str, str]:
    """Return the groups that count rounds, each with the longest stage directly inside it."""
    counting: set[str] = set()
    longest: dict[str, Span] = {}
    for span in spans.values():
        key = span.key
        while span.times > 1 and KEY_SEPARATOR in key:
            key = key.rpartition(KEY_SEPARATOR)[0]
            around = spans.get(key)
            if around is not None and around.group and 0 < around.total <= 2 * span.times:
                counting.add(key)
        above = span.key.rpartition(KEY_SEPARATOR)[0]
        if above and (above not in longest or span.worked > longest[above].worked):
            longest[above] = span
    return {key: longest[key].key for key in counting if key in longest}


def log_size(span: Span, spans: Mapping[str, Span], inside: Mapping[str, str]) -> float | None:
    """Return the logarithm of a stage's units, those of a round times its rounds; None: unknown.

    `inside` is what `rounds` returns of `spans`.
    """
    if span.total <= 0 or span.unit == "%":
        return None
    size = log(span.total)
    key = span.key
    while key in inside:
        key = inside[key]
        if spans[key].total <= 0 or spans[key].unit == "%":
            break
        size += log(spans[key].total)
    return size
