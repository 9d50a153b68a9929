"""`Operation`, the handle of a program: its life-cycle, cancellation, end, child processes.

Its stages are in `operation_stages`.
"""

from __future__ import annotations

import os
import threading

from headway.api.cancellation import Request, deliver, pause
from headway.api.lifecycle import AT_WORK, Lifecycle
from headway.api.operation_stages import Staged
from headway.api.outcomes import execution_ends
from headway.api.outcomes.outcome import ExitStatus, outcome_of
from headway.api.outcomes.uncaught import cancelled
from headway.api.stage import Stage
from headway.errors import IllegalMove
from headway.host import rank, server_process
from headway.host.propagation import PARENT, environment
from headway.host.random_id import random_id
from headway.model import Operation as Model
from headway.model import Stage as StageModel
from headway.plain_values import (
    NAME_LIMIT,
    clean_count,
    clean_flag,
    clean_labels,
    clean_notify,
    clean_text,
    clean_traceparent,
)
from headway.protocol.vocabulary import ENDED_BEFORE, LEFT_AT_ONCE
from headway.reporting import loop_exits
from headway.reporting.exit_status import LeftAtOnce
from headway.reporting.reporter import reporter
from headway.states import (
    CANCELLED,
    COMPLETED,
    ENDED,
    FAILED,
    OPERATION_MOVES,
    PENDING,
    RUNNING,
    UNJUDGED,
    WAITING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

    from headway.api.cancellation import Callback, Pauser
    from headway.api.scope import Scope
    from headway.reporting.reporter import Reporter

DONE = (COMPLETED, UNJUDGED)  # of stages: nothing shows that it was not


class Operation(Staged):
    """One thing that a person waits for; made by `headway.operation`.

    As a context manager it runs while its block does. KeyboardInterrupt, `Cancelled` or
    `asyncio.CancelledError` out of the block cancel it, SystemExit with 0 or None completes it,
    any other exception fails it with the exception's text. The exception is never swallowed.
    """

    __slots__ = (
        "__weakref__",
        "_left_at",
        "_thread",
        "callbacks",
        "listening",
        "pauser",
        "request",
    )

    def __init__(self, own: Reporter, model: Model, around: Scope | None) -> None:
        super().__init__(own, model, around)
        self._left_at: Sequence[Any] = ()
        self._thread = threading.get_ident()
        self.callbacks: list[Callback] = []
        self.listening = False  # the program polls for a request to cancel
        self.request: Request | None = None  # to cancel it
        self.pauser: Pauser | None = None  # stops and continues its work on request

    def __repr__(self) -> str:
        return f"<headway.Operation {self.id} {self.name!r} {self.state}>"

    # Attributes.

    @property
    def id(self) -> str:
        """Return its id: 12 base-32 characters."""
        return self.model.id

    @property
    def path(self) -> str:
        """Return its id, as child processes are told."""
        return self.model.id

    @property
    def foreign(self) -> bool:
        """Return whether it belongs to the process that this one was forked from."""
        return self._reporter is not reporter()

    @property
    def thread(self) -> int:
        """Return the thread that opened it."""
        return self._thread

    @property
    def in_main_thread(self) -> bool:
        """Return whether the main thread opened it."""
        return self._thread == threading.main_thread().ident

    # Life-cycle.

    def complete(self, message: str | None = None) -> None:
        """End it as completed; its running stages, too, and the pending ones as skipped."""
        self._end(COMPLETED, message=message)
        self._reporter.print_receipts()

    def fail(self, error: object, message: str | None = None) -> None:
        """End it as failed; `error` is an exception or a text."""
        self._end(FAILED, error=error, message=message)
        self._reporter.print_receipts()

    def end(self, reason: str | None = None) -> None:
        """End it where nobody can know how: neither a success nor a failure."""
        self._end(UNJUDGED, reason)
        self._reporter.print_receipts()

    def set(
        self,
        *,
        message: str | None = None,
        exit_status: int | None = None,
        cancellable: bool | None = None,
        notify: Any = None,
    ) -> None:
        """Change attributes; None leaves one as it is."""
        if self.foreign:
            return
        model = self.model
        with self._reporter.lock:
            if message is not None:
                model.message = clean_text(message)
            if exit_status is not None:
                status = clean_count(exit_status)
                model.exit_status = None if status is None else int(status)
            flag = clean_flag(cancellable)
            if flag is not None:
                model.cancellable = flag
            if notify is not None:
                model.notify = clean_notify(notify)
            if model.state != PENDING:
                self._changed()

    def log(self, line: str, stage: Stage | int | None = None) -> None:
        """Report a line (or lines) of output; viewers show the last ones."""
        own = reporter()
        if self.foreign or self.model.state == PENDING:
            return
        inside = None if stage is None else self._stage(stage).model.id
        text = line if issubclass(type(line), str) else clean_text(line)
        lines = [clean_text(part) for part in str.splitlines(text)[-200:]]
        with own.lock:
            own.publisher.log(self.id, inside, lines)
        own.wake()

    def _reporting(self) -> Reporter:
        return self._reporter

    def _request(self) -> Request | None:
        return self.request

    def _end_inside(self, state: str, _reason: object, error: object, /) -> None:
        own = self._reporter
        model = self.model
        if state not in OPERATION_MOVES[model.state]:
            model.move(state, own.clock())  # raises, before anything is changed
        if model.state == PENDING:
            self._move(RUNNING)
        own.tally.judge_left(self, state, error)
        for stage in self.stages:
            if stage.open:
                if state == FAILED:
                    stage._count_last_item(error)
                stage._fold()
                stage._close()
                own.tree.remove(stage)
                own.publisher.changed(model, stage.model)
        if type(error) is ExitStatus:  # a stranger's attributes are not read
            model.exit_status = error.status

    def _opens(self, before: str) -> bool:
        if before in AT_WORK:
            return False
        own = self._reporter
        if before == FAILED:  # they belong to the failed attempt
            self.model.exit_status = self.model.message = None
            own.receipts.forget(self.id)
        own.handles[self.id] = self
        if self.model.parent is None:
            execution_ends.watch_cell(self.id)
        for stage in self.stages:
            own.publisher.changed(self.model, stage.model)
        return True

    def _close(self) -> None:
        self._reporter.handles.pop(self.id, None)
        self._reporter.receipts.add(self.model)

    def _end(
        self,
        state: str,
        reason: object = None,
        error: object = None,
        *,
        message: str | None = None,
        when: float | None = None,
    ) -> None:
        def end() -> None:
            Lifecycle._end(self, state, reason, error, message=message, when=when)

        own = self._reporter
        if own.closed and not self.foreign:  # a handler or a finalizer that runs after our exit
            with own.lock:
                own.correct(self.id, end)
        else:
            end()

    def _changed(self) -> None:
        self._reporter.publisher.changed(self.model)
        self._reporter.wake()

    def _begin(self) -> None:
        """Run it, as a stage of it begins; the lock is held. Raise IllegalMove if it has ended."""
        if self.model.state in (PENDING, WAITING):
            self._move(RUNNING)
        elif self.model.state in ENDED and not self._reporter.closed:
            raise IllegalMove(f"operation {self.name!r} is {self.state}: no stage of it can run")

    def _forked(self) -> None:
        """Turn it into a forked child's copy, which reports only shares of its stages."""
        self.callbacks = []
        for stage in self.stages:
            stage._forked()

    # Cancellation.

    @property
    def cancelled(self) -> bool:
        """Return whether it is cancelled or requested to be. Reading it counts as listening."""
        self.listening = True
        return self.request is not None or self.model.state == CANCELLED

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if it is cancelled or requested to be. A call counts as listening."""
        if self.cancelled:
            raise cancelled(self.request.reason if self.request else self.model.reason)

    def on_cancel(self, callback: Callback) -> None:
        """Register `callback()` or `callback(request)` for requests to cancel it.

        It is called on a thread of its own. `request.reason` is the requester's text or None;
        `request.kill` says that the operation shall end at any price.
        """
        self.callbacks.append(callback)

    def ask(self, reason: str | None, *, kill: bool = False) -> tuple[str, str | None]:
        """Deliver a request to cancel; return the answer and its reason."""
        return deliver(self, Request(reason, kill=kill))

    def pause(self, *, paused: bool) -> tuple[str, str | None]:
        """Pause it, or resume it; return the answer and its reason."""
        return pause(self, paused=paused)

    # The end of the program.

    def _tell_left(self) -> None:
        if self.model.open:
            self.left = True
            self._reporter.tree.remove(self)
            self.model.reason = "left early"
            self._changed()

    def _judge(self, when: float, state: str = COMPLETED, error: object = None) -> None:
        if not self.model.open:
            return
        if state == FAILED and loop_exits.passed(error, self._left_at) is False:
            state, error = COMPLETED, None
        self._reporter.tally.judge_left(self, state, error)
        reason = self._stopped_at if state == COMPLETED else None
        self._end(state, reason, error, when=when)

    @property
    def _stopped_at(self) -> str | None:
        """Return where the first of its stages that stopped early did so, or None."""
        short = (stage.model.reason for stage in self.stages if stage.state == COMPLETED)
        return next((reason for reason in short if reason is not None), None)

    def _judge_left(self, error: BaseException | None) -> None:
        state, _, text = outcome_of(error)
        # All that was left is judged by the same end: once, and not by each operation.
        self._reporter.tally.judge_left(None, state, text)
        # A counter that nobody closes has done what its numbers say.
        for stage in self.stages:
            model = stage.model
            if model.state in AT_WORK and (stage.solo or stage.done or model.total is not None):
                stage._judge(self._reporter.clock(), state, text)

    def _judge_drawn(self, codes: set[Any], state: str) -> None:
        """End the loops whose items one of `codes` has fetched, which was left by `state`."""
        for stage in self.stages:
            source = stage._source
            drawn = None if source is None else source.drawn
            if drawn is not None and drawn[0] in codes and not stage.left:
                stage._judge(self._reporter.clock(), state)

    def _judge_open(self, error: BaseException | None) -> None:
        # Of a program that ended in order: every stage has completed, so the operation has; it
        # was requested to cancel, so it did. Otherwise nobody knows whether the work was done.
        state, reason, text = outcome_of(error)
        if isinstance(error, LeftAtOnce) and (self.block or not self.exhausted):
            reason = LEFT_AT_ONCE
        elif state == UNJUDGED and any(stage.state not in DONE for stage in self.stages):
            state = COMPLETED  # of the program: by whatever status, this was not done
        if state != COMPLETED:
            self._end(state, reason, text)
        elif self.exhausted:
            self._end(COMPLETED, self._stopped_at)
        elif self.request is not None:
            self._end(CANCELLED, self.request.reason)
        else:
            self._end(FAILED, error=ENDED_BEFORE)

    # Its stages, and child processes.

    def _new_stage(self, model: StageModel, around: Scope) -> Stage:
        return Stage(self, model, around)

    def _of_its_own(self, name: str, total: float | None, unit: str | None, around: Scope) -> Stage:
        return only(make(name, parent=around.path), name, total, unit)

    def env(self) -> dict[str, str]:
        """Return a copy of the environment for a child process that works on this operation."""
        return self._env(self.path)

    def _env(self, path: str) -> dict[str, str]:
        environ = environment(os.environ)
        environ[PARENT] = path
        return environ


def make(
    name: str,
    *,
    key: str | None = None,
    notify: Any = None,
    display: str | None = None,
    parent: str | None = None,
    cancellable: bool | None = None,
    around: Scope | None = None,
    labels: Mapping[str, str] | None = None,
) -> Operation:
    """Return a pending operation; `parent` is its path, `around` the scope in this process."""
    model = Model(
        random_id(12),
        clean_text(name, NAME_LIMIT),
        None if key is None else clean_text(key, NAME_LIMIT),
        None if parent is None else clean_text(parent, 64),
    )
    model.notify = clean_notify(notify)
    model.labels = None if labels is None else clean_labels(labels)
    model.traceparent = clean_traceparent(os.environ.get("TRACEPARENT"))
    display = None if display is None else clean_text(display, NAME_LIMIT)
    display = display or clean_text(os.environ.get("HEADWAY_DISPLAY", ""), NAME_LIMIT)
    model.display = display or ("quiet" if server_process.is_serving() else None)
    flag = clean_flag(cancellable)
    if flag is not None:
        model.cancellable = flag
    if around is None:
        with reporter().lock:
            model.rank = rank.of_next(model.name, os.environ)
    return Operation(reporter(), model, around)


def only(whole: Operation, name: str, total: float | None = None, unit: str | None = None) -> Stage:
    """Return the only stage of `whole`, an operation that exists for it and ends with it."""
    whole.block = False  # it ends with its loop, whatever goes on beside that in other threads
    stage = whole.stage(name, total, unit)
    stage.solo = True
    return stage
