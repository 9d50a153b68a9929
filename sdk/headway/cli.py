"""`python -m headway.cli`, as programs have started it since the first version."""

from __future__ import annotations

from headway.commands.table import program

if __name__ == "__main__":
    program()
