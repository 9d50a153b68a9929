"""`tqdm.cli`: tqdm's own command line, whose bar reports.

It passes standard input on, takes tqdm's options and exits as `python -m tqdm` does. Where Headway
draws the terminal, tqdm does not.
"""

from __future__ import annotations

import sys

import tqdm.cli as original

from headway.adapters.tqdm.bar import tqdm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence


def main(arguments: Sequence[str]) -> int:
    """Run tqdm's command line with these arguments; return the exit status."""
    # tqdm's command line reads its options from the description of the class.
    module: Any = original
    module.tqdm = type("tqdm", (tqdm,), {"__doc__": module.tqdm.__doc__})
    sys.argv = ["tqdm", *arguments]  # the operation is named after it
    original.main(sys.stderr, list(arguments))
    return 0
