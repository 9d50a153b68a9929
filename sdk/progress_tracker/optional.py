"""What is optional: rich and plyer, as the program has them.

A program, or its tests, may assign `progress_tracker.RICH_AVAILABLE` and its like at any time,
so they are looked up in the package when they are used. The package imports the modules that
use them: for these to import it would be a circle.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def present(name: str) -> Any:
    """Return what `progress_tracker` has as `name` now: "RICH_AVAILABLE", "Console", …."""
    return getattr(sys.modules["progress_tracker"], name)
