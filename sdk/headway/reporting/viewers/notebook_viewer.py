"""The pictures of a kernel's operations in the cells of its notebook.

A viewer process renders them, as it does for a terminal, and writes a line of JSON for each to a
pipe. A thread of the kernel shows them, in the cell in which the operation began; what is shown
is whole each time, so a page that has lost some messages loses nothing. What stays is the receipt,
which is shown before the cell ends: by then a page or a program that runs notebooks may no longer
listen for the cell.
"""

from __future__ import annotations

import json
import os
import threading
import time

from headway.async_exceptions import reraise_async
from headway.formatting import markup, theme
from headway.formatting.receipt import receipt_line
from headway.host import importing, notebook
from headway.host.files import first_environment, key_files
from headway.host.launch import detached_process, interpreter
from headway.states import CANCELLED, CRASHED, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.model import Operation
    from headway.reporting.interfaces import Reporting

START_DELAY = 0.5  # seconds: what ends sooner was no wait, and a viewer is the start of a Python
RECEIPT_WIDTH = 100  # characters of a receipt in a cell
MAX_STARTS = 3  # of viewers that show nothing: one that leaves at once will do so again
# Seconds for which the end of a cell waits for that of child processes, which their viewer tells.
CHILDREN_TIMEOUT = 0.3
SHOWN_LIMIT = 1000  # operations that are remembered as shown, the latest


class NotebookViewer:
    """Starts the viewer of a kernel while there is something to show, and shows what it renders.

    It takes the place of `TerminalViewer` in a kernel.
    """

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        self.viewing = False
        self._starts = 0
        # Of what is shown; notified when a picture is taken, as the main thread ends the cells.
        self._lock = threading.Condition()
        self._shown: dict[str, bool] = {}  # operation → whether that is its end
        self._ended: list[Operation] = []  # and shown, in the cell that runs
        self._interrupted: set[str] = set()  # operations of the last cell, if that was
        self._theme = theme.make(ascii_only=False, coloured=False)
        reporter.notebook_viewer = self

    # As the connection uses it.

    def deadline(self) -> float | None:
        """Return when `look` has something to do, or None."""
        if self.viewing or self._starts >= MAX_STARTS:
            return None
        begins = [
            handle.model.started
            for handle in list(self._reporter.handles.values())
            if _is_shown(handle.model) and handle.model.started is not None
        ]
        return min(begins) + START_DELAY if begins else None

    def look(self, now: float) -> None:
        """Start the viewer if it is due."""
        due = self.deadline()
        if due is None or now < due:
            return
        self._starts += 1
        python = interpreter.find(first_environment.environ())
        if python is None or not key_files.may_follow(first_environment.environ(), os.getuid()):
            self._starts = MAX_STARTS
            return
        ours, theirs = os.pipe()
        arguments = ["-m", "headway_viewer.terminal", "--cells", "--fd", str(theirs)]
        whose = ["--session", self._reporter.session, "--pid", str(os.getpid())]
        try:
            detached_process.spawn(
                [python.path, *arguments, *whose],
                first_environment.environ(),
                foreign=python.foreign,
                keep=(theirs,),
            )
            thread = threading.Thread(target=self._follow, args=(ours,), name="headway cells")
            thread.daemon = True
            self.viewing = True
            thread.start()
        except (OSError, RuntimeError) as error:
            reraise_async(error)
            self.viewing = False
            os.close(ours)
        finally:
            os.close(theirs)

    def tell_ends(self, ended: list[Operation]) -> None:
        """Do nothing: a notebook has no log."""

    def finish(self, wait: Callable[[float], bool]) -> None:
        """Do nothing: what has ended was shown with its cell."""

    # The thread that shows.

    def _follow(self, descriptor: int) -> None:
        try:
            with open(descriptor, encoding="utf-8") as pictures:
                for line in pictures:
                    try:
                        self.take(json.loads(line))
                    except Exception as error:  # of the kernel's: its sockets may be closed
                        reraise_async(error)
                    self._starts = 0
        except (OSError, ValueError) as error:
            reraise_async(error)
        self.viewing = False
        self._reporter.wake()

    def take(self, picture: dict[str, Any]) -> None:
        """Show what the viewer has rendered: `key`, `data` (MIME type → text), `open`."""
        key, data = str(picture["key"]), picture["data"]
        pending = self._reporter.receipts.pending()
        with self._lock:
            if picture["open"]:
                self._show(key, data)
                return
            if key in pending:
                self._show_end(pending[key])
            elif key in self._reporter.cells:
                self._blank(key)
            elif not self._shown.get(key):
                self._show(key, data, end=True)  # of a child process
            self._reporter.cells.pop(key, None)
            self._lock.notify_all()

    def _show(self, key: str, data: dict[str, str], *, end: bool = False) -> None:
        """Show or replace the picture of an operation; the lock is held."""
        if self._shown.get(key) and not end and key not in self._reporter.handles:
            return  # it has ended: this picture is older
        if key in self._shown:
            notebook.replace(key, data)
        elif not notebook.show(key, data, self._reporter.cells.get(key)):
            return
        self._shown[key] = end
        if len(self._shown) > SHOWN_LIMIT:
            del self._shown[next(iter(self._shown))]

    def _show_end(self, operation: Operation) -> None:
        interrupted = operation.id in self._interrupted and operation.state == CANCELLED
        self._show(operation.id, self._receipt(operation, interrupted=interrupted), end=True)
        self._reporter.receipts.answered([operation.id])
        self._reporter.cells.pop(operation.id, None)
        if not interrupted:
            self._ended.append(operation)

    def _blank(self, key: str) -> None:
        """Show nothing any more of an operation that is to leave nothing; the lock is held."""
        if self._shown.get(key) is False:
            notebook.replace(key, {"text/plain": "", "text/html": ""})
        self._shown[key] = True

    def _receipt(self, operation: Operation, *, interrupted: bool) -> dict[str, str]:
        message = None
        if interrupted:
            with importing.lock:
                from headway.formatting.outcome import outcome_text  # noqa: PLC0415 - rare

            message = outcome_text(operation).replace("cancelled", "interrupted", 1)
        line = receipt_line(operation, self._theme, RECEIPT_WIDTH, message=message)
        texts, rows = ["".join(text for _, text in line)], [markup.row(markup.spans(line))]
        if operation.state in (FAILED, CRASHED) and operation.error:
            why = self._theme.spell(operation.error.splitlines()[0])
            texts.append(f"  {why}")
            rows.append(markup.row(markup.span(why, "bad"), 1))
        return {"text/plain": "\n".join(texts), "text/html": markup.block(rows)}

    # The end of a cell, in the kernel's main thread.

    def cell_ended(self, error: BaseException | None) -> None:
        """Show the receipts of what has ended in the cell, which came to its end by `error`."""
        with self._lock:
            self._wait_for_children()
            pending = list(self._reporter.receipts.pending().values())
            of_cell = self._cells_without_handle()
            self._interrupted.clear()
            if isinstance(error, KeyboardInterrupt):
                # The picture of one may still be on its way.
                ended = [operation.id for operation in (*self._ended, *pending)]
                self._interrupted.update(of_cell, ended)
            for operation in pending:
                self._show_end(operation)
            self._show_interrupted()
            self._forget_cells(of_cell)

    # No loop with an `if` stands in the `with` of a lock (test_swallowing).

    def _cells_without_handle(self) -> list[str]:
        return [key for key in self._reporter.cells if key not in self._reporter.handles]

    def _show_interrupted(self) -> None:
        shown, self._ended = self._ended, []
        for operation in shown:
            if operation.id in self._interrupted and operation.state == CANCELLED:
                self._show_end(operation)

    def _forget_cells(self, keys: list[str]) -> None:
        for key in keys:
            if key in self._reporter.cells:
                self._blank(key)
                self._reporter.cells.pop(key, None)

    def _wait_for_children(self) -> None:
        until = time.monotonic() + CHILDREN_TIMEOUT
        while self.viewing and self._awaits_children() and time.monotonic() < until:
            self._lock.wait(max(until - time.monotonic(), 0))

    def _awaits_children(self) -> bool:
        """Return whether child processes are shown that may just have ended."""
        reporter = self._reporter
        return any(
            not end and key not in reporter.cells and key not in reporter.receipts.pending()
            for key, end in self._shown.items()
        )


def _is_shown(operation: Operation) -> bool:
    return operation.parent is None and operation.display in (None, "auto", "live")
