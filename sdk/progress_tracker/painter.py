"""When and where a tracker is drawn: in place on a terminal, as lines anywhere else.

Drawing happens in the calling process, because the original document says so. It limits its
own rate, and nothing that a stream does ever raises into the program.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
import weakref

from headway.async_exceptions import reraise_async
from headway.formatting import picture_support
from headway.formatting.theme import Line, Theme
from progress_tracker import frame
from progress_tracker.footer import Footer, footer_of, write_raw
from progress_tracker.optional import present
from progress_tracker.stage import StageStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class DrawableOnConsole(frame.Drawable, Protocol):
        """A tracker, as what is drawn on its console."""

        console: Any


# Seconds between two frames that differ only in counts: eyes follow no more than ten a second,
# and each frame costs the program its own time.
FRAME_INTERVAL = 0.1
# Seconds after which a stream that is no terminal is told the counts again, and the percentage
# that is news before: a log of a long run has lines enough to follow, and stays short.
NEWS_INTERVAL = 10.0
NEWS_STEP = 10


class Painter:
    """Draws one tracker, on its rich console or on standard output."""

    def __init__(self, tracker: DrawableOnConsole) -> None:
        self._tracker_ref = weakref.ref(tracker)  # it is the tracker that holds the painter
        self._lock = threading.RLock()
        self._drawn_at = float("-inf")
        self._drawn: list[StageStatus] = []
        self._percent = 0
        self._titled = False
        self._over = False
        # How it was when a picture was left: its statuses and percentage.
        self._left: tuple[list[StageStatus], int] | None = None
        self._footer: Footer | None = None  # the one with our frame

    def announce(self) -> None:
        """Draw the title: the operation starts."""
        with self._lock:
            self._titled = True
            theme = self._theme()
            title = frame.title(self._tracker, theme)
            if self._in_place():
                width, height = self._size()
                row = theme.paint(frame.cut(title, width - 1, theme.ellipsis))
                self._footer = footer_of(self._stream())
                self._footer.show(id(self), ["", row], height)
            else:
                self._say([[], title])

    def draw(self) -> None:
        """Draw the present state, unless it was drawn a moment ago or nothing has changed."""
        with self._lock:
            now = time.monotonic()
            statuses = [stage.status for stage in self._tracker.stages]
            since = now - self._drawn_at
            changed = statuses != self._drawn
            if not changed and since < FRAME_INTERVAL:
                return
            share = frame.percent(self._tracker)
            in_place = self._in_place()
            due = changed or in_place or since == float("inf")
            if not due and share != self._percent:
                due = since >= (1.0 if abs(share - self._percent) >= NEWS_STEP else NEWS_INTERVAL)
            if due and not self._over:
                if in_place:
                    self._frame()
                else:
                    self._news(statuses)
                self._drawn, self._drawn_at, self._percent = statuses, now, share

    def leave(self) -> None:
        """Leave the present picture on the terminal; later output comes below it."""
        self._leave(None)

    def end(self, state: str, message: str, took: str = "", *, picture: bool = True) -> None:
        """Draw it for the last time, with the line that says how it ended."""
        with self._lock:
            statuses = [stage.status for stage in self._tracker.stages]
            share = frame.percent(self._tracker)
            again = (statuses, share) != self._left
            self._over = True
            line = frame.ending(state, message, self._theme(), took)
            if self._footer is not None or (picture and again and self._in_place()):
                self._leave(line)
                return
            news = statuses != self._drawn or not self._drawn or share != self._percent
            if picture and again and news:
                self._news(statuses)
                self._drawn = statuses
            self._say([[], line])

    def warn(self, message: str) -> None:
        """Write a warning beside the picture."""
        with self._lock:
            self._say([frame.ending("warning", message, self._theme())])

    def _leave(self, line: Line | None) -> None:
        with self._lock:
            statuses = [stage.status for stage in self._tracker.stages]
            self._left = (statuses, frame.percent(self._tracker))
            if not self._in_place():
                self.draw()
                return
            theme = self._theme()
            width, height = self._size()
            rows = frame.window(self._tracker, theme, width - 1, height - 1)
            if line is not None:
                rows += [[], *frame.wrap(line, width - 1)]
            footer = self._footer or footer_of(self._stream())
            self._footer = None
            footer.leave(id(self), ["", *map(theme.paint, rows)])

    def _frame(self) -> None:
        theme = self._theme()
        width, height = self._size()
        rows = frame.window(self._tracker, theme, width - 1, height - 2)
        self._footer = footer_of(self._stream())
        self._footer.show(id(self), ["", *map(theme.paint, rows)], height)

    def _news(self, statuses: list[StageStatus]) -> None:
        theme = self._theme()
        lines = frame.header(self._tracker, theme, self._size()[0])
        before = self._drawn
        told = [
            frame.stage_line(self._tracker.stages[index], theme)
            for index, status in enumerate(statuses)
            if index >= len(before)
            or before[index] is not status
            or status is StageStatus.IN_PROGRESS
        ]
        if self._titled and not before:
            del lines[0]  # it was said when it started
        self._say([[], *lines, *([[]] if told else []), *told])

    def _say(self, lines: list[Line]) -> None:
        """Write lines that stay, wrapped where the console has a width."""
        theme = self._theme()
        console = self._console()
        if self._in_place():
            width, _height = self._size()
            rows = [theme.paint(row) for line in lines for row in frame.wrap(line, width - 1)]
            footer_of(self._stream()).say(rows)
            return
        width = self._size()[0] if console is not None else None
        rows = [row for line in lines for row in (frame.wrap(line, width) if width else [line])]
        said = "\n".join(map(theme.paint, rows))
        try:
            if console is not None:
                console.print(said, markup=False, highlight=False, emoji=False, soft_wrap=True)
            else:
                print(said, flush=True)  # noqa: T201 - as its document says
        except RuntimeError as error:  # a signal came while this very stream was being written to
            reraise_async(error)
            write_raw(self._stream(), said + "\n")
        except Exception as error:  # a closed or broken stream: the work goes on
            reraise_async(error)
        except SystemExit as error:  # rich leaves the program when the reader of a pipe has left
            if not isinstance(error.__context__, BrokenPipeError):
                raise

    # What it draws, and on what.

    @property
    def _tracker(self) -> DrawableOnConsole:
        tracker = self._tracker_ref()
        assert tracker is not None  # noqa: S101 - only the tracker calls its painter
        return tracker

    def _console(self) -> Any:
        return self._tracker.console if present("RICH_AVAILABLE") else None

    def _stream(self) -> Any:
        console = self._console()
        return sys.stdout if console is None else getattr(console, "file", sys.stdout)

    def _in_place(self) -> bool:
        """Return whether it can be redrawn in place: on a capable terminal, and not in CI."""
        console = self._console()
        stream = self._stream()
        try:
            terminal = stream.isatty() is True
        except Exception as error:
            reraise_async(error)
            terminal = False
        if console is not None and not terminal:
            forced = getattr(console, "is_terminal", None) is True
            return (
                forced and not os.environ.get("FORCE_COLOR") and "TTY_COMPATIBLE" not in os.environ
            )
        return picture_support.drawable(terminal, os.environ)

    def _theme(self) -> Theme:
        console = self._console()
        encoding = getattr(self._stream(), "encoding", None)
        coloured = False
        if console is not None and self._in_place():
            coloured = bool(getattr(console, "color_system", None)) and not console.no_color
        return frame.theme_for(encoding, coloured=coloured)

    def _size(self) -> tuple[int, int]:
        """Return the present columns and rows of what it is drawn on."""
        console = self._console()
        if console is not None:
            width, height = getattr(console, "width", None), getattr(console, "height", None)
        else:
            try:
                width, height = os.get_terminal_size(self._stream().fileno())
            except (OSError, ValueError, AttributeError) as error:
                reraise_async(error)
                width, height = shutil.get_terminal_size()
        return (
            width if isinstance(width, int) and width > 0 else 80,
            height if isinstance(height, int) and height > 0 else 24,
        )
