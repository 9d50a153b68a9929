"""The argument parser of the commands: what is wrong is said in one line."""

from __future__ import annotations

import argparse

from headway.formatting.help_text import fold
from headway.host.terminfo import columns
from headway.lookup import alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

USAGE = 2  # exit status, as argparse has it
OPTIONS_TOLD = 4  # that the usage names one by one: more of them are a wall
# By how many there may be.
_PATTERNS: dict[int | str | None, str] = {None: "{}", "?": "[{}]", "*": "[{} …]", "+": "{} …"}


class ArgumentParser(argparse.ArgumentParser):
    """Names its `--help` where argparse prints its whole usage, which is a line."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong on standard error, with what may be meant; exit with `USAGE`."""
        start, colon, words = message.partition("unrecognized arguments: ")
        if colon and not start:
            options = [word for word in words.split() if word.startswith("-")]
            known = [one for one in self._option_string_actions if one.startswith("--")]
            close = alike(options[0].partition("=")[0], known) if options else []
            message += f"; did you mean {close[0]}?" if close else ""
        self.exit(USAGE, f"{self.prog}: {message}; see `{self.prog} --help`\n")

    def format_help(self) -> str:
        """Return the help, folded. Of many options its usage says only that there are some."""
        if self.usage is None:
            self.usage = self._short_usage()
        return fold(super().format_help(), columns())

    def _short_usage(self) -> str | None:
        """Return the usage without the options, or None where argparse's own is short."""
        if sum(bool(action.option_strings) for action in self._actions) <= OPTIONS_TOLD:
            return None
        words = ["%(prog)s [OPTION …]"]
        for action in self._actions:
            if not action.option_strings:
                pattern = _PATTERNS.get(action.nargs)
                if pattern is None:  # sub-commands
                    return None
                words.append(pattern.format(action.metavar or action.dest))
        return " ".join(words)
