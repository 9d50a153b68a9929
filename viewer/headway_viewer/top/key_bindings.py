"""The key bindings of `headway top`, and its mouse: the keys of `headway view`, and a tree of rows.

Pure. `press` and `click` return what is to be done.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from headway_viewer.picture import keys
from headway_viewer.picture.browsing import FILTER, KEY_HELP, LIST, Action, Browsing
from headway_viewer.top.tree import Tree

SPACE = " "
WHEEL = 3  # rows a notch
MORE_KEYS = (
    ("Space", "open the stages of an operation, or close them; also left, right, a click on +"),
    ("s, S", "sort by state, name, start, time left, progress; S: backwards"),
)
HELP_KEYS = (*KEY_HELP[:2], MORE_KEYS[0], *KEY_HELP[2:4], MORE_KEYS[1], *KEY_HELP[4:])

LEFT, RIGHT = "left", "right"


class Target(NamedTuple):
    """What a click hits: a row by its name, its sign in the tree, or a key of the last line."""

    kind: str
    name: str


ROW, SIGN, KEY = "row", "sign", "key"


class Navigation:
    """The page, the chosen row, the filter, the order, and the first row of the list in view."""

    def __init__(self, tree: Tree) -> None:
        self.browsing = Browsing()
        self.tree = tree
        self.first = 0
        self.rows: Sequence[str] = ()
        self.height = 1  # of the list or page
        self.grouped = False  # groups stand in place of the rows

    @property
    def operation(self) -> str | None:
        """Return the id of the operation that is looked at: the chosen one, or else the first."""
        chosen = self.browsing.chosen
        if self.browsing.page == LIST and self.rows and not self.grouped:
            chosen = chosen if chosen in self.rows else self.rows[0]
        return None if chosen is None else chosen.partition("/")[0]

    def show(self, rows: Sequence[str], height: int) -> None:
        """Note the rows that there are, and how many are in view."""
        self.rows, self.height = rows, max(height, 1)
        self.first = max(0, min(self.first, len(rows) - self.height))

    def press(self, key: str) -> Action | None:
        """Take a key."""
        browsing = self.browsing
        act = None if browsing.asking is not None or browsing.page != LIST else _KEYS.get(key)
        if act is not None:
            browsing.message = ""
            act(self)
            self._reveal()
            return None
        before = browsing.chosen, browsing.filter
        action = browsing.press(key, self.rows, self.height)
        if (browsing.chosen, browsing.filter) != before:
            self._reveal()
        return action

    def type(self, words: str) -> None:
        """Take pasted text: it is for the filter alone, and no keys."""
        if self.browsing.asking == FILTER:
            for char in words:
                if char.isprintable():
                    self.press(char)

    def click(self, target: Target | None) -> Action | None:
        """Take a click; the second one on a row opens it."""
        if target is None:
            return None
        if target.kind == KEY:
            return self.press(target.name)
        if self.browsing.asking is not None or self.browsing.page != LIST:
            return None
        self.browsing.message = ""
        if target.kind == SIGN:
            self.tree.toggle(target.name)
        elif self.browsing.chosen == target.name:
            return self.press(keys.ENTER)
        else:
            self.browsing.chosen = target.name
        return None

    def wheel(self, by: int) -> None:
        """Scroll the list or the page, and choose nothing."""
        if self.browsing.page == LIST:
            self.first = max(0, min(self.first + by * WHEEL, len(self.rows) - self.height))
            return
        for _ in range(WHEEL):
            self.press(keys.DOWN if by > 0 else keys.UP)

    def forget(self, operation: str) -> None:
        """Note that an operation is gone."""
        chosen = self.browsing.chosen
        if chosen is not None and chosen.partition("/")[0] == operation:
            self.browsing.forget(chosen)

    def _reveal(self) -> None:
        """Move the list so that the chosen row is in view."""
        chosen = self.browsing.chosen
        if chosen is None or chosen not in self.rows:
            self.first = 0 if chosen is None else self.first
            return
        at = self.rows.index(chosen)
        self.first = min(max(self.first, at - self.height + 1), at)

    def _open(self) -> None:
        chosen = self.browsing.chosen
        row = None if chosen is None else self.tree.row(chosen)
        if chosen is not None and row is not None and row.opened is False:
            self.tree.toggle(chosen)

    def _close(self) -> None:
        """Close the chosen row, or choose the one that it is inside of."""
        chosen = self.browsing.chosen
        row = None if chosen is None else self.tree.row(chosen)
        if chosen is None or row is None:
            return
        if row.opened:
            self.tree.toggle(chosen)
        else:
            self.browsing.chosen = self.tree.around(chosen, list(self.rows)) or chosen

    def _toggle(self) -> None:
        if self.browsing.chosen is None:
            self.browsing.message = "choose an operation first: up, down"
        else:
            self.tree.toggle(self.browsing.chosen)


_KEYS: dict[str, Callable[[Navigation], None]] = {
    SPACE: Navigation._toggle,
    RIGHT: Navigation._open,
    LEFT: Navigation._close,
    "s": lambda state: state.tree.sort.next_order(),
    "S": lambda state: state.tree.sort.reverse(),
}
