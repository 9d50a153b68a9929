"""The command `headway`, which starts the command of `headway run` before all else is imported.

Importing the package imports the whole of the API that a reporting program calls. `headway run`
needs that only once its command runs, and a person waits for its first line: the package is put
in place unexecuted, and `complete` executes it later. Modules inside it import each other as
ever.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def program() -> NoReturn:
    """Run the command `headway` with the arguments of this process, and exit."""
    if sys.argv[1:2] in (["run"], ["patch"]):
        die_of_interrupts()
        postpone("headway")
    if sys.argv[1:2] == ["run"] and sys.argv[2:3] not in (["-h"], ["--help"]):
        from headway.run.commands.cli import program as run  # noqa: PLC0415 - only after that
    else:
        from headway.commands.table import program as run  # noqa: PLC0415

    run()


def die_of_interrupts() -> None:
    """Restore the default of SIGINT: ^C while we import then ends us as it would the command."""
    # Built in, and unknown to type checkers; `signal` would import `enum` first.
    import _signal  # pyright: ignore[reportMissingImports] # noqa: PLC0415

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def postpone(name: str) -> None:
    """Put a package in place of which nothing has been executed."""
    # Frozen, and imported by every start; `importlib.machinery` is a file.
    import _frozen_importlib_external as machinery  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    spec = machinery.PathFinder.find_spec(name)
    if spec is None or spec.loader is None or name in sys.modules:
        return
    package = type(sys)(name)
    package.__spec__ = spec
    package.__path__ = spec.submodule_search_locations or []
    package.__package__, package.__loader__, package.__file__ = name, spec.loader, spec.origin
    package.complete = spec.loader.exec_module  # type: ignore[attr-defined]
    sys.modules[name] = package


def complete(name: str) -> None:
    """Execute a package that was postponed; any other is left as it is."""
    package = sys.modules[name]
    execute = package.__dict__.pop("complete", None)
    if execute is not None:
        execute(package)
