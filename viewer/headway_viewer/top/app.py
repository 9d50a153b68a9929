"""The Textual application of `headway top`: it draws the lines of the follower and hands it keys.

Shell. One widget, which Textual draws a line at a time: only lines that have changed are sent.
Nothing is markup: what a line has is text with a style, made safe by the theme.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from headway.formatting.theme import Line
from headway.protocol.endpoint import NoRuntimeDirectory
from headway_viewer.picture import keys
from headway_viewer.top.follower import Follower
from headway_viewer.top.screen import CHOSEN
from headway_viewer.top.terminal_hold import TerminalHold

FRAME = 0.2  # seconds between pictures of what changes by itself; a key is answered at once
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_STYLES = {
    "good": Style(color="green"),
    "bad": Style(color="red"),
    "warn": Style(color="yellow"),
    "busy": Style(color="cyan"),
    "dim": Style(dim=True),
    "strong": Style(bold=True),
    "bar": Style(color="cyan"),
    "rest": Style(color="bright_black"),
}
_KEYS = {
    "up": keys.UP,
    "down": keys.DOWN,
    "pageup": keys.PAGE_UP,
    "pagedown": keys.PAGE_DOWN,
    "home": keys.HOME,
    "end": keys.END,
    "enter": keys.ENTER,
    "escape": keys.ESCAPE,
    "backspace": keys.BACKSPACE,
    "tab": keys.TAB,
    "left": "left",
    "right": "right",
}


class Canvas(Widget):
    """The whole terminal."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Canvas { width: 100%; height: 100%; }"

    def __init__(self, follower: Follower) -> None:
        super().__init__()
        self._follower = follower
        self._shown: list[Line] = []
        coloured = bool(follower.theme.colours)
        self._styles = {name: style for name, style in _STYLES.items() if coloured}
        self._plain = Style()

    def draw(self) -> None:
        """Draw the lines that are not as they were."""
        width, height = self.size
        lines = self._follower.picture(width, height)
        before, self._shown = self._shown, lines
        if len(before) != len(lines):
            self.refresh()
            return
        changed = [
            Region(0, place, width, 1)
            for place, (old, new) in enumerate(zip(before, lines))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a part of the screen."""
        return [self._strip(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def _strip(self, line: int) -> Strip:
        width = self.size.width
        pieces = self._shown[line] if line < len(self._shown) else []
        strip = Strip([Segment(words, self._style(style)) for style, words in pieces])
        return strip.adjust_cell_length(width, self._plain)

    def _style(self, name: str) -> Style:
        if not name.startswith(CHOSEN):
            return self._styles.get(name, self._plain)
        if not self._styles:
            return self._plain  # what is chosen has its mark
        return self._styles.get(name[len(CHOSEN) :], self._plain) + Style(reverse=True)

    def on_resize(self, event: events.Resize) -> None:
        """Draw all anew."""
        del event
        self._shown = []
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """Choose, open, or do what the last line offers."""
        self._follower.click(event.x, event.y)
        self._answer()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        del event
        self._follower.wheel(1)
        self._answer()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        del event
        self._follower.wheel(-1)
        self._answer()

    def _answer(self) -> None:
        self.draw()
        if self._follower.left:
            self.app.exit(0)


class Top(App[int]):
    """The application; it returns its exit status."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "headway top"
    CSS = "Screen { background: ansi_default; color: ansi_default; overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "leave", show=False, priority=True),
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(self, follower: Follower, hold: TerminalHold | None = None) -> None:
        super().__init__(ansi_color=True)
        self._follower = follower
        self._hold = hold
        self._canvas = Canvas(follower)

    def compose(self) -> ComposeResult:
        """Yield the widget."""
        yield self._canvas

    def on_mount(self) -> None:
        """Begin to follow."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                try:
                    loop.add_signal_handler(number, self._on_signal, number)
                except (RuntimeError, ValueError):
                    pass  # not in the main thread
        self.set_interval(FRAME, self._turn)
        self._turn()
        if self._hold is not None:
            self.app_suspend_signal.subscribe(self, self._give_back)
            self.app_resume_signal.subscribe(self, self._take)

    def on_ready(self) -> None:
        """Take the terminal: Textual has changed its modes."""
        self._take(self)

    def on_key(self, event: events.Key) -> None:
        """Hand a key to the follower, and show what came of it."""
        key = _KEYS.get(event.key, event.character if event.is_printable else None)
        if key is None:
            return
        event.stop()
        event.prevent_default()
        self._follower.press(key)
        self._canvas.draw()
        if self._follower.left:
            self.exit(0)

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text for the filter; it is no keys."""
        event.stop()
        self._follower.type(event.text)
        self._canvas.draw()

    def action_leave(self) -> None:
        """End, as `q` does."""
        self.exit(0)

    def _take(self, app: App[Any]) -> None:
        del app
        if self._hold is not None:
            self._hold.take()

    def _give_back(self, app: App[Any]) -> None:
        del app
        if self._hold is not None:
            self._hold.give_back()

    def _turn(self) -> None:
        try:
            changed = self._follower.turn()
        except NoRuntimeDirectory as error:
            self.exit(1, message=f"headway top: {error}")
            return
        if changed:
            self._canvas.draw()

    def _on_signal(self, number: int) -> None:
        self.exit(0 if number == signal.SIGINT else 128 + number)
