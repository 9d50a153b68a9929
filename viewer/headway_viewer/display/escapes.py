"""The escape sequences that move, hide and save the cursor, erase, and set the scroll region.

Pure. The alternate screen is left to `headway top`: what others draw stays in the scrollback.
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
# What Textual has turned on, and at the end the cursor: mouse, keys, resize, focus, paste, screen.
LEAVE_SCREEN = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[<u\x1b[?2048l\x1b[?1004l\x1b[?2004l\x1b[?2026l\x1b[?7h\x1b[m\x1b[?1049l" + SHOW_CURSOR
)
