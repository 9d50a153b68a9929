"""The moments that tell how a loop was left, besides its block and the end of the program.

An uncaught exception ends a thread; a cell of a notebook, or a line at the interpreter's prompt,
comes to its end. `watch` listens for them where a loop begins.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from headway.api.outcomes.outcome import outcome_of
from headway.api.outcomes.uncaught import Hook, install
from headway.async_exceptions import reraise_async
from headway.host import notebook
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CELLS_LIMIT = 1000  # operations of one cell of which that is known, the latest

_cells: Any = None  # the IPython shell whose cells are listened to


def watch() -> None:
    """Listen for the end of what the caller runs in: a thread, a cell, a line at the prompt."""
    threading: Any = sys.modules.get("threading")
    if threading is not None and threading.main_thread().ident != get_ident():
        install(OfThread, threading)
    if hasattr(sys, "ps1"):
        _watch_prompt()


def _watch_prompt() -> None:
    global _cells  # noqa: PLW0603 - the shell is the interpreter's
    shell = _shell()
    if shell is None:
        if not isinstance(sys.ps1, Prompt):
            sys.ps1 = Prompt(sys.ps1)
    elif shell is not _cells:
        _cells = shell
        shell.events.register("post_run_cell", _after_cell)


class OfThread(Hook):
    """Judges the loops of a thread that ends by an exception."""

    __slots__ = ()

    def __call__(self, args: Any, /) -> None:
        """Judge the loops that were left in this thread."""
        try:
            own = reporter()
            state, _, text = outcome_of(args.exc_value)
            with own.lock:
                own.tally.collect_left()
                own.tally.judge_thread(get_ident(), state, text)
        except Exception as error:
            reraise_async(error)
        self.before(args)


def _shell() -> Any:
    ipython: Any = sys.modules.get("IPython")
    try:
        return None if ipython is None else ipython.get_ipython()
    except Exception as error:
        reraise_async(error)
        return None


def _after_cell(result: Any = None) -> None:
    error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
    judge_left(error)
    viewer = reporter().notebook_viewer
    if viewer is not None:
        viewer.cell_ended(error)


def watch_cell(operation: str) -> None:
    """Note in which cell of a notebook an operation begins, and listen for that one's end."""
    if hasattr(sys, "ps1") and "IPython" in sys.modules:
        watch()
        where = notebook.cell()
        if where is not None:
            cells = reporter().cells
            cells[operation] = where
            if len(cells) > CELLS_LIMIT:
                del cells[next(iter(cells))]


def judge_left(error: BaseException | None) -> None:
    """Judge all loops that were left: what they stood in came to its end, by `error` or None."""
    own = reporter()
    state, _, text = outcome_of(error)
    with own.lock:
        own.tally.collect_left()
        own.tally.judge_left(None, state, text)


class Prompt(str):
    """The prompt: the interpreter asks for its text when a line has come to its end."""

    __slots__ = ("seen",)

    def __new__(cls, text: Any) -> Prompt:  # noqa: PYI034 - Self is not in 3.8
        """Return the prompt that `text` was."""
        made = super().__new__(cls, text)
        made.seen = getattr(sys, "last_value", None)
        return made

    seen: Any

    def __str__(self) -> str:
        error = getattr(sys, "last_value", None)
        new, self.seen = error is not self.seen, error
        try:
            judge_left(error if new else None)
        except Exception as error:
            reraise_async(error)
        return str.__str__(self)
