"""`headway run -- CMD`: start a command, relay its streams, parse its output into progress.

The package is what a program calls, too: `headway.run(["make", "-j4"])` is `subprocess_run.run`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Package(type(sys)):  # pyright: ignore[reportUntypedBaseClass] - the type of modules
    """The class of this package, which can be called."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run a command and report it; see `headway.run.subprocess_run.run`."""
        from headway.run.subprocess_run import run  # noqa: PLC0415 - few programs run commands

        return run(*args, **options)


sys.modules[__name__].__class__ = _Package
