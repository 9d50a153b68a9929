"""A program that reports and then does nothing until its standard input ends.

Its argument is `headway` or `rich`: whose progress stands there.
"""

from __future__ import annotations

import sys


def main(whose: str) -> None:
    """Stand still."""
    if whose == "headway":
        import headway  # noqa: PLC0415

        with headway.operation("Still") as operation, operation.stage("one", total=10) as stage:
            stage.advance()
            sys.stdin.read()
    else:
        from rich.progress import Progress  # noqa: PLC0415

        with Progress() as progress:
            task = progress.add_task("Still", total=10)
            progress.advance(task)
            sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
