"""The escape sequences that move, hide and save the cursor, erase, and set the scroll region.

Pure. The alternate screen is not used: what is drawn stays in the scrollback.
"""

from __future__ import annotations

BEGIN_SYNC = "\x1b[?2026h"  # synchronized output: shows a frame at once, or is ignored
END_SYNC = "\x1b[?2026l"
HIDE_CURSOR = "\x1b[?25l"
SHOW_CURSOR = "\x1b[?25h"
SAVE_CURSOR = "\x1b7"
RESTORE_CURSOR = "\x1b8"
INDEX = "\x1bD"  # one line down, scrolling at the bottom; unlike a newline it keeps the column
ERASE_LINE = "\x1b[K"  # from the cursor to the end of the line
ERASE_BELOW = "\x1b[J"  # from the cursor to the end of the screen
RESET_STYLE = "\x1b[m"
RESET_REGION = "\x1b[r"  # all rows scroll
