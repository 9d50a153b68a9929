"""`python -m headway`: the same as `headway`."""

from __future__ import annotations

from headway.commands.table import program

if __name__ == "__main__":
    program()
