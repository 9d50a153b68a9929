"""Whether a moving picture can be drawn, by what the environment says of a terminal.

Apart from the themes, whose signs and widths a reporting process need not load.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


# The services of `ci_log` set CI, too, but their containers need not be handed it.
_LINES = ("CI", "ACCESSIBLE", "GITHUB_ACTIONS", "GITLAB_CI")


def drawable(terminal: bool, environ: Mapping[str, str]) -> bool:
    """Return whether a moving picture can be drawn: a capable terminal, no CI's log, no cell.

    A notebook's kernel gives its `!` commands a terminal, and shows what they print as text.
    """
    return (
        terminal
        and environ.get("TERM", "") not in ("", "dumb", "unknown")
        and not wants_lines(environ)
        and "JPY_PARENT_PID" not in environ
    )


def appends_lines(terminal: bool, environ: Mapping[str, str]) -> bool:
    """Return whether lines replace a picture that is not drawn: on any terminal, in CI's log."""
    return terminal or wants_lines(environ)


def wants_lines(environ: Mapping[str, str]) -> bool:
    """Return whether lines are wanted: in CI, for a screen reader (`ACCESSIBLE`)."""
    return any(environ.get(name, "").lower() not in ("", "0", "false") for name in _LINES)


def shows_nothing(display: str | None, terminal: bool, environ: Mapping[str, str]) -> bool:
    """Return whether nothing on standard error tells an end, and nobody asked for that.

    `display` is what was asked for on the command line, or None.
    """
    if environ.get("HEADWAY", "").lower() == "off":
        return True
    kind = display or environ.get("HEADWAY_DISPLAY") or "auto"
    return kind in ("auto", "live") and not appends_lines(terminal, environ)
