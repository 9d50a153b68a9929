"""The last words of `headway run` for an agent: three lines on standard error.

Pure. Nobody watches the bars of a command that an agent runs; these lines save it the next call.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

    from headway.run.exit_status import Outcome

ASKED = "HEADWAY_REPORT"
# What coding agents set in the commands that they run: the common convention, then their own.
AGENTS = (
    "AI_AGENT",
    "CLAUDECODE",
    "CODEX_SANDBOX",
    "CODEX_THREAD_ID",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
)
LINE = 76  # characters: a token is about four, and three lines are to be 60 at most


def is_wanted(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether an agent reads the output: said so, or one of its variables is set."""
    asked = environ.get(ASKED)
    if asked is not None:
        return asked not in ("", "0", "off")
    return not terminal and any(environ.get(name) for name in AGENTS)


def lines(name: str, outcome: Outcome, status: int, last: str | None, seconds: float) -> list[str]:
    """Return state, why and how long; `last` is the last line of output that says something."""
    from headway.estimate.phrase import lasted  # noqa: PLC0415 - few runs are for an agent
    from headway.text import safe  # noqa: PLC0415

    why = [f"exit {status}"]
    text = outcome.text if outcome.text != f"exit status {status}" else None
    if outcome.state != "completed":
        why += [said for said in (text or last,) if said]
    said = (
        f"{outcome.state}: {name}",
        ", ".join(why),
        f"took {lasted(seconds)}",
    )
    return [safe(line, LINE) for line in said]
