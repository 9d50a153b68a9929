"""The argument parser of the commands: what is wrong is said in one line."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

USAGE = 2  # exit status, as argparse has it


class ArgumentParser(argparse.ArgumentParser):
    """Names its `--help` where argparse prints its whole usage."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong on standard error, and exit with `USAGE`."""
        self.exit(USAGE, f"{self.prog}: {message}; see `{self.prog} --help`\n")
