"""A rich console with settings of one's own: as wide as a log wants it, kept in a file."""

from __future__ import annotations

import io
import sys

from rich.console import Console

from progress_tracker import ProgressTracker


def main() -> None:
    """Count the words of the licence of Python, and keep what was drawn."""
    log = io.StringIO()
    tracker = ProgressTracker("Counting", console=Console(file=log, width=120))
    stage = tracker.add_stage("Count the words of sys.copyright")
    tracker.start()
    tracker.start_stage(stage)
    words = len(sys.copyright.split())
    tracker.complete_stage(stage)
    tracker.complete(message=f"{words} words")
    print(log.getvalue())


if __name__ == "__main__":
    main()
