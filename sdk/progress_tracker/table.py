"""The stages as a rich table; the only module here that needs rich to be imported."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from progress_tracker import frame
from progress_tracker.stage import ProgressStage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


def table(stages: Sequence[ProgressStage]) -> Table:
    """Return a table with one row a stage: sign, name, figures. Names are text, never markup."""
    made = Table(show_header=False, box=None, padding=(0, 1))
    made.add_column("Icon", width=3, no_wrap=True)
    made.add_column("Stage", ratio=1)
    made.add_column("Info", justify="right")
    theme = frame.theme_for(None, coloured=True)
    for stage in stages:
        cells = [Text(), Text(), Text()]
        for index, (style, piece) in enumerate(frame.stage_line(stage, theme)):
            # The pieces are safe, so that no escape sequence but the theme's is in them.
            cells[min(index, 2)].append_text(Text.from_ansi(theme.paint([(style, piece.lstrip())])))
        made.add_row(*cells)
    return made
