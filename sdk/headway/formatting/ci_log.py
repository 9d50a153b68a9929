"""What the log of a CI service takes for more than a line: folded parts, and annotations. Pure.

GitHub takes `::group::` and `::error::` at the beginning of a line, GitLab a section between two
marks. Absent: annotations of GitLab, which come from report files only.
"""

from __future__ import annotations

from headway import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

GITHUB, GITLAB = "github", "gitlab"
TITLE_LIMIT, BODY_LIMIT = 120, 1000  # characters of an annotation
_ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_ESCAPED, ":": "%3A", ",": "%2C"}


def service(environ: Mapping[str, str]) -> str | None:
    """Return whose log this is: `GITHUB`, `GITLAB` or None."""
    if environ.get("GITHUB_ACTIONS", "").lower() == "true":
        return GITHUB
    return GITLAB if environ.get("GITLAB_CI", "").lower() == "true" else None


def fold(kind: str | None, title: str, number: int, now: float) -> tuple[str, str] | None:
    """Return what begins and what ends a folded part of the log; None where there are none.

    `number` is one of its own; `now` is the Unix time.
    """
    title = text.safe(title, TITLE_LIMIT)
    if kind == GITHUB:
        return f"::group::{title}\n", "::endgroup::\n"
    if kind == GITLAB:
        name = f"{int(now)}:headway_{number}"
        return (
            f"\x1b[0Ksection_start:{name}[collapsed=true]\r\x1b[0K{title}\n",
            f"\x1b[0Ksection_end:{name}\r\x1b[0K\n",
        )
    return None


def error(kind: str | None, title: str, body: str) -> str | None:
    """Return the line that GitHub shows beside the run as an error; None for other services."""
    if kind != GITHUB:
        return None
    title = "".join(_IN_PROPERTIES.get(one, one) for one in text.safe(title, TITLE_LIMIT))
    lines = [text.safe(line, BODY_LIMIT) for line in body.splitlines()]
    body = "".join(_ESCAPED.get(one, one) for one in "\n".join(lines))
    return f"::error title={title}::{body}"
