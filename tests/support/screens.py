"""The screen of `headway top` as a person at the keys sees it, without Textual and a broker."""

from showcase import NOW, board_of

from headway.formatting import theme
from headway_viewer.picture.view import View
from headway_viewer.top.facts import EarlierRuns
from headway_viewer.top.key_bindings import Navigation
from headway_viewer.top.screen import TopScreen
from headway_viewer.top.tree import Tree

THEME = theme.make(ascii_only=False, coloured=False)


class Shown:
    """A screen of `columns` × `lines` that shows `operations`."""

    def __init__(
        self, operations, columns=80, lines=24, *, look=THEME, output=(), earlier_runs=None
    ):
        self.board = board_of(*operations)
        self.navigation = Navigation(Tree(self.board))
        self.screen = TopScreen(self.board, look, self.navigation, View(self.board, look))
        self.screen.output, self.screen.earlier_runs = output, earlier_runs or EarlierRuns()
        self.size = columns, lines
        self.look = look
        self.drawn = self.draw()

    def draw(self, now=NOW, note=None):
        self.drawn = self.screen.picture(*self.size, now, note)
        return self.drawn

    def press(self, *keys):
        """What the last key asks for, and the lines after it."""
        action = None
        for key in keys:
            action = self.navigation.press(key)
            self.draw()
        return action

    def click(self, column, line):
        action = self.navigation.click(self.screen.target(column, line))
        self.draw()
        return action

    @property
    def lines(self):
        return [self.look.paint(line) for line in self.drawn]

    def line_with(self, words):
        return next(number for number, line in enumerate(self.lines) if words in line)
