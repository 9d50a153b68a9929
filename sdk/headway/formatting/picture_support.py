"""Whether a moving picture can be drawn, by what the environment says of a terminal.

Apart from the themes, whose signs and widths a reporting process need not load.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def drawable(terminal: bool, environ: Mapping[str, str]) -> bool:
    """Whether a moving picture can be drawn: a capable terminal, no CI's log, no notebook's cell.

    A notebook's kernel gives its `!` commands a terminal, and shows what they print as text.
    """
    return (
        terminal
        and environ.get("TERM", "") not in ("", "dumb", "unknown")
        and not wants_lines(environ)
        and "JPY_PARENT_PID" not in environ
    )


def wants_lines(environ: Mapping[str, str]) -> bool:
    """Whether lines are to be appended instead: in CI, or for a screen reader (`ACCESSIBLE`)."""
    return any(
        environ.get(name, "").lower() not in ("", "0", "false") for name in ("CI", "ACCESSIBLE")
    )
