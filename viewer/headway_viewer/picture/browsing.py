"""What keys do in `headway view`: which operation is chosen, and which page is shown.

Pure: `press` takes a key and returns what is to be done. A table has the keys of each page.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from headway.states import CANCELLED, COMPLETED, CRASHED, FAILED, PAUSED, PENDING, RUNNING, WAITING
from headway_viewer.picture import keys

# Pages.
LIST = "list"
OPERATION = "operation"
LOG = "log"
HELP = "help"
# What is asked for in the last line; all keys go there.
FILTER = "filter"
CONFIRM = "confirm"

CANCEL, PAUSE, QUIT = "cancel", "pause", "quit"
FILTER_LIMIT = 80  # characters
# A word of the filter that begins so is the beginning of a state, no part of a name.
STATE_WORD = "state:"
FILTERED_STATES = (RUNNING, WAITING, PAUSED, PENDING, FAILED, CRASHED, CANCELLED, COMPLETED)


class Action(NamedTuple):
    """What is to be done: `QUIT`, or `CANCEL` or `PAUSE` of an operation."""

    what: str
    operation: str | None = None


class Browsing:
    """The page, the chosen operation, the filter, and how far a page is scrolled.

    `message` is what came of the last request, as text for a person.
    """

    def __init__(self) -> None:
        self.page = LIST
        self.asking: str | None = None  # FILTER or CONFIRM
        self.chosen: str | None = None
        self.filter = ""
        self.scroll = 0  # lines, from the end of a log, from the beginning of other pages
        self.message = ""
        # Why an operation can neither be cancelled nor paused, as text for a person; "" if it can.
        self.refusal: Callable[[str], str] = lambda _operation: ""
        self._pages: list[str] = []  # to go back to
        self._listed: Sequence[str] = ()
        self._rows = 1

    @property
    def idle(self) -> bool:
        """Return whether there is nothing to show but the usual picture."""
        return (
            self.page == LIST
            and self.asking is None
            and self.chosen is None
            and not (self.filter or self.message)
        )

    def press(self, key: str, listed: Sequence[str], rows: int) -> Action | None:
        """Take a key; `listed` are the ids of the list in order, `rows` those of a page."""
        self._listed, self._rows = listed, max(rows, 1)
        if self.asking is not None:
            return self._answer(key)
        self.message = ""
        act = _TABLE[self.page].get(key)
        return act(self) if act is not None else None

    def clamp(self, lines: int, rows: int) -> None:
        """Note that a page of `lines` is shown in `rows`: it is not scrolled out of sight."""
        self.scroll = max(min(self.scroll, lines - rows), 0)

    def forget(self, operation: str) -> None:
        """Note that an operation is gone: nobody can look at it any more."""
        if self.chosen == operation:
            self.chosen = None
            if self.page in (OPERATION, LOG):
                self.page, self.asking, self.scroll = LIST, None, 0
                self._pages.clear()

    # Moving.

    def _move(self, by: int) -> None:
        listed = self._listed
        if not listed:
            self.chosen = None
            return
        if self.chosen not in listed:
            self.chosen = listed[0]  # the nearest in view: the end of the list may be far below
            return
        at = listed.index(self.chosen) + by
        self.chosen = listed[max(0, min(at, len(listed) - 1))]

    def _choose(self, at: int) -> None:
        self.chosen = self._listed[at] if self._listed else None

    def _scroll(self, by: int) -> None:
        # A log is read from its end.
        self.scroll = max(self.scroll + (-by if self.page == LOG else by), 0)

    def _open(self, page: str) -> None:
        if self.page == LIST and page != HELP and self.chosen not in self._listed:
            self._move(1)
        if page != HELP and self.chosen is None:
            return
        self._pages.append(self.page)
        self.page, self.scroll = page, 0

    def _back(self) -> None:
        if self._pages:
            self.page, self.scroll = self._pages.pop(), 0
        elif self.filter:
            self.filter = ""
        else:
            self.chosen = None

    # Asking.

    def _ask(self, what: str) -> None:
        if what == CONFIRM and self._chosen_to_act() is None:
            return
        self.asking = what

    def _answer(self, key: str) -> Action | None:
        if self.asking == CONFIRM:
            self.asking = None
            return Action(CANCEL, self.chosen) if key in ("y", "Y") else None
        if key == keys.ESCAPE:
            self.asking, self.filter = None, ""
        elif key == keys.ENTER:
            self.asking = None
        elif key == keys.BACKSPACE:
            self.filter = self.filter[:-1]
        elif key == keys.TAB:
            self.filter = completed(self.filter)
        elif len(key) == 1 and len(self.filter) < FILTER_LIMIT:
            self.filter += key
        return None

    def _pause(self) -> Action | None:
        chosen = self._chosen_to_act()
        return None if chosen is None else Action(PAUSE, chosen)

    def _chosen_to_act(self) -> str | None:
        """Return the chosen operation if something can be done to it; else say why not."""
        if self.chosen is None or (self.page == LIST and self.chosen not in self._listed):
            self.message = "choose an operation first: up, down"
            return None
        self.message = self.refusal(self.chosen)
        return None if self.message else self.chosen


def completed(words: str) -> str:
    """Return a filter whose last word, if it is the beginning of one for states, is that."""
    before, space, last = words.rpartition(" ")
    folded = last.lower()
    if folded and STATE_WORD.startswith(folded):
        return f"{before}{space}{STATE_WORD}"
    found = [state for state in FILTERED_STATES if f"{STATE_WORD}{state}".startswith(folded)]
    if not folded.startswith(STATE_WORD) or not found:
        return words
    first = found[0]
    shared = [n for n in range(len(first) + 1) if all(one.startswith(first[:n]) for one in found)]
    return f"{before}{space}{STATE_WORD}{first[: max(shared)]}"


_Act = Callable[[Browsing], "Action | None"]
_EVERYWHERE: dict[str, _Act] = {
    "q": lambda _: Action(QUIT),
    "?": lambda state: state._open(HELP),
    keys.ESCAPE: Browsing._back,
}
_SCROLL: dict[str, _Act] = {
    keys.UP: lambda state: state._scroll(-1),
    keys.DOWN: lambda state: state._scroll(1),
    "k": lambda state: state._scroll(-1),
    "j": lambda state: state._scroll(1),
    keys.PAGE_UP: lambda state: state._scroll(-state._rows),
    keys.PAGE_DOWN: lambda state: state._scroll(state._rows),
}
_OF_OPERATION: dict[str, _Act] = {
    "c": lambda state: state._ask(CONFIRM),
    "p": Browsing._pause,
}
_TABLE: dict[str, dict[str, _Act]] = {
    LIST: {
        **_EVERYWHERE,
        **_OF_OPERATION,
        keys.UP: lambda state: state._move(-1),
        keys.DOWN: lambda state: state._move(1),
        "k": lambda state: state._move(-1),
        "j": lambda state: state._move(1),
        keys.PAGE_UP: lambda state: state._move(-state._rows),
        keys.PAGE_DOWN: lambda state: state._move(state._rows),
        keys.HOME: lambda state: state._choose(0),
        keys.END: lambda state: state._choose(-1),
        keys.ENTER: lambda state: state._open(OPERATION),
        "/": lambda state: state._ask(FILTER),
        "l": lambda state: state._open(LOG),
    },
    OPERATION: {
        **_EVERYWHERE,
        **_SCROLL,
        **_OF_OPERATION,
        keys.ENTER: Browsing._back,
        "l": lambda state: state._open(LOG),
    },
    LOG: {**_EVERYWHERE, **_SCROLL, **_OF_OPERATION, "l": Browsing._back},
    HELP: {**_EVERYWHERE, **_SCROLL, "?": Browsing._back, keys.ENTER: Browsing._back},
}
KEY_HELP = (
    ("up, down", "choose an operation, or scroll; also j, k, page up, page down"),
    ("Enter", "open it: its stages, how long it usually takes, its last lines"),
    ("l", "its log"),
    ("/", "only those whose name has these letters, or state:failed; Escape shows all"),
    ("c", "cancel it, after a question"),
    ("p", "pause it, or let it go on"),
    ("Escape", "back"),
    ("q", "leave: everything goes on"),
)
