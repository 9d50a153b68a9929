"""Forecasts: one per open operation, fed on change, asked for estimates within a budget.

Pure. An algorithm that raises costs its operation the estimate, and no other anything. Child
operations weigh as stages of their parent. Absent: the algorithm (`headway.estimate`), when each is
asked (`estimate_queue`), where runs are stored (`history`).
"""

from __future__ import annotations

import functools
from itertools import islice
from typing import Any, Callable, Iterable, Mapping

from headway.estimate import Estimate, Forecast, Run
from headway.estimate.forecast import REMEMBERED
from headway.model import UNLEARNED, UNTOLD
from headway.protocol.messages import Work
from headway.states import CANCELLED, UNJUDGED, WAITING, asks
from headway_broker.estimates.awaited_runs import HISTORY_TIMEOUT, AwaitedRuns
from headway_broker.estimates.counted_progress import update_stage_progress
from headway_broker.estimates.estimate_queue import EstimateQueue
from headway_broker.estimates.forecast_input import is_held, replay, tell
from headway_broker.estimates.history_keys import Keys, keys_of
from headway_broker.estimates.operation_forecast import CROWD, NEVER, OperationForecast
from headway_broker.state.effects import OF_OTHERS, StoreRun
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults

STAGES_LIMIT = 50  # running stages of an operation that get estimates of their own
# Stages whose counts a forecast is told of at a time: as long as the estimate of a `CROWD` takes.
TOLD_AT_ONCE = 1_000


def _contained(method: Callable[..., Any]) -> Callable[..., Any]:
    """Contain exceptions of `method`: the operation goes without a forecast."""

    @functools.wraps(method)
    def call(self: Forecasts, entry: Entry, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, entry, *arguments, **named)
        except Exception as error:
            self._give_up(entry, error)

    return call


class Forecasts:
    """Progress and estimates of all open operations."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        # Seconds until now in which anything waited for a processor, or None.
        self.stalled: float | None = None
        self._ledger = ledger
        self._faults = faults
        self._queue = EstimateQueue(self.estimate_one)
        self._awaited = AwaitedRuns()

    @property
    def waiting(self) -> int:
        """Return the number of operations whose earlier runs are still to be read."""
        return len(self._awaited)

    def begin(self, entry: Entry, now: float, *, has_history: bool) -> Keys | None:
        """Begin a forecast; return the history keys whose runs are to be read, if any."""
        keys = keys_of(entry, self._ledger)
        key = entry.learned_as = keys.key
        self._wait_no_more(entry)
        begun = now if entry.forecast is None else entry.forecast.begun
        entry.forecast = OperationForecast(keys, begun, self.stalled)
        if not entry.operation.open:
            return None  # it ends at once, and teaches all the same
        if keys.missing is not None:
            self._awaited.displace(entry, keys.missing)
        self._queue.add(entry)
        if not has_history or key == UNLEARNED:
            self._build(entry, [])
            return None
        return keys if self._awaited.wait(entry, key, now) else None

    def displaced(self, operation: str) -> list[Entry]:
        """Return the open operations that came before this one, which they are inside of.

        Each is to begin again: only now its place, and so its history, is known.
        """
        found = self._awaited.take_displaced(operation)
        return [entry for entry in found if entry.forecast is not None]

    def recalled(self, key: str, records: list[dict[str, Any]], prior: float | None = None) -> None:
        """Begin the forecasts that wait for the runs of a key; those that went without begin anew.

        `records` are runs as stored, oldest first; `prior` is in seconds.
        """
        runs: list[Run] = []
        for record in records:
            try:
                runs.append(Run.from_dict(record))
            except ValueError:
                continue
        for entry in self._awaited.take(key):
            if entry.forecast is not None and (entry.forecast.forecast is None or runs):
                entry.forecast.elsewhere = any(OF_OTHERS in record for record in records)
                self._build(entry, runs, prior)

    @_contained
    def observe(self, entry: Entry, stages: Iterable[int], now: float) -> None:
        """Tell the forecast at once of stages that began, ended or changed otherwise."""
        tracked = entry.forecast
        if tracked is None or tracked.forecast is None:
            return
        held = entry.operation.stages
        tracked.forecast.hold(now, waiting=is_held(entry.operation))
        for stage in sorted(stages):  # parents have lower ids
            tracked.changed.pop(stage, None)
            tell(tracked.forecast, held[stage], now)
        if entry.operation.started is not None:
            tracked.forecast.start(entry.operation.started)

    @_contained
    def stop(self, entry: Entry, since: float, now: float) -> None:
        """Take in that the process of an operation is stopped since `since`."""
        if entry.forecast is not None and entry.forecast.forecast is not None:
            entry.forecast.forecast.discount(now - since, now)
            self.estimate_one(entry, now)

    @_contained
    def go_on(self, entry: Entry, now: float) -> None:
        """Take in that the process of an operation goes on."""
        if entry.forecast is not None and entry.forecast.forecast is not None:
            entry.forecast.forecast.hold(now, waiting=is_held(entry.operation))

    def count(self, entry: Entry, stages: Mapping[int, object]) -> None:
        """Note stages whose counts moved; the forecast observes them at the next estimate."""
        if entry.forecast is not None:
            entry.forecast.changed.update(stages)

    @_contained
    def take_work(self, entry: Entry, sample: Work) -> None:
        """Tell the forecast of a sample of hidden counts, whose time is on the broker's clock."""
        if entry.forecast is not None and entry.forecast.forecast is not None:
            entry.forecast.works = True
            _, at, cpu, read, written, lines = sample
            entry.forecast.forecast.take_work(at, cpu, read, written, lines)

    @_contained
    def wait(self, entry: Entry, stage: int | None, left: Estimate | None, now: float) -> None:
        """Tell the forecast how long the lock of a stage (None: of the operation) is still held."""
        if entry.forecast is not None and entry.forecast.forecast is not None:
            entry.forecast.forecast.wait(stage, left, now)

    def work_left(self, entry: Entry, now: float) -> float | None:
        """Return the seconds that an operation takes once it need not wait any more, or None."""
        tracked: OperationForecast | None = entry.forecast
        if tracked is None or tracked.forecast is None:
            return None
        try:
            return tracked.forecast.work_left(now)
        except Exception as error:
            self._give_up(entry, error)
            return None

    def estimate(
        self,
        changed: Iterable[Entry],
        now: float,
        *,
        watched: bool,
        seen: Mapping[Entry, int] | None = None,
        listened: bool = True,
    ) -> None:
        """Make the estimates due: half of the budget for changed entries, then the stalest.

        Where some of a crowd are `seen`, each at its place, nobody sees the others: these are
        hurried only where somebody listens, until each has its first: without one, who listens
        cannot say that it is late.
        """
        self._queue.run(changed, now, watched=watched, seen=seen, listened=listened)

    def refresh(self, entries: Iterable[Entry], now: float) -> None:
        """Make stale estimates before a snapshot, as far as the budget goes."""
        self._queue.refresh(entries, now)

    @_contained
    def estimate_one(self, entry: Entry, now: float) -> None:
        """Make the progress and the estimates of one operation now."""
        tracked: OperationForecast | None = entry.forecast
        if tracked is None:
            return
        tracked.estimated_at = now
        self._queue.made(entry)
        if tracked.forecast is None:
            if now - tracked.begun < HISTORY_TIMEOUT:
                return
            self._build(entry, [])  # of a slow disk the runs may still come
        forecast = tracked.forecast
        if forecast is None or entry.forecast is None:
            return
        operation = entry.operation
        others = self._ledger.opened - 1 - len(tracked.children)
        forecast.set_concurrency(max(others, 0), now)
        forecast.hold(now, waiting=is_held(operation))
        forecast.expect(untold=operation.planned == UNTOLD)
        told = list(islice(tracked.changed, TOLD_AT_ONCE))
        for stage in sorted(told):
            del tracked.changed[stage]
            tell(forecast, operation.stages[stage], now)
        stalled = tracked.pace.stalled_since(operation, now)
        if stalled != operation.stalled_since:
            operation.stalled_since = stalled
            self._ledger.mark(entry).figures = True
        crowded = next(islice(operation.running(), CROWD, None), None) is not None
        estimate = None if crowded else forecast.estimate(now)
        stopped = operation.stopped_since is not None
        tracked.asked = stopped or operation.question is not None or self._asked_within(tracked)
        if tracked.asked or operation.left or operation.paused:
            estimate = None  # when a person answers or continues it, or it is judged, is unknown
        progress = None if crowded else forecast.progress(now)
        usual, unlike = None if tracked.elsewhere else forecast.usual(), forecast.unlike()
        late_after = None if usual is None or forecast.waited_long() else usual.median
        # An unchanged estimate is published too: viewers have counted down the last one.
        if estimate is not None or (progress, estimate, late_after, usual, unlike) != (
            operation.progress,
            operation.estimate,
            operation.late_after,
            operation.usual,
            operation.unlike,
        ):
            operation.progress, operation.estimate = progress, estimate
            operation.late_after, operation.usual = late_after, usual
            operation.unlike = unlike
            self._ledger.mark(entry).figures = True
        self._tell_parent(entry, now)
        for place, stage in enumerate(operation.running()):
            unknown = (
                crowded
                or place >= STAGES_LIMIT
                or stopped
                or stage.left
                or operation.paused
                or (stage.state == WAITING and asks(stage.reason))
            )
            guess = None if unknown else forecast.stage_estimate(stage.id, now)
            if guess != stage.estimate:
                stage.estimate = guess
                self._ledger.mark(entry).mark_stage_figures(stage.id)
        forecast.forget()

    def finish(self, entry: Entry, now: float) -> StoreRun | None:
        """Close the forecast of an ended operation; return its run to store, if it teaches."""
        operation = entry.operation
        if entry.learned_as is None:  # it had ended when it came
            entry.learned_as = keys_of(entry, self._ledger).key
        learned = self._learned(entry, now) if entry.forecast is not None else None
        self._wait_no_more(entry)
        entry.forecast = None
        marks = self._ledger.mark(entry)
        update_stage_progress(entry, marks)
        for stage in operation.stages.values():
            if stage.estimate is not None:
                stage.estimate = None
                marks.mark_stage_figures(stage.id)
        operation.estimate = operation.stalled_since = None
        operation.progress = operation.final_progress()
        marks.figures = True
        self._tell_parent(entry, now)
        return learned

    @_contained
    def _learned(self, entry: Entry, now: float) -> StoreRun | None:
        operation = entry.operation
        tracked: OperationForecast = entry.forecast
        self._queue.drop(entry)
        if operation.state == UNJUDGED or tracked.keys.key == UNLEARNED:
            return None
        if tracked.forecast is None:
            self._build(entry, [])
        forecast = tracked.forecast
        if forecast is None or entry.forecast is None:
            return None
        ended = operation.ended if operation.ended is not None else now
        for stage in tracked.changed:
            tell(forecast, operation.stages[stage], ended)
        run = forecast.finish(CANCELLED if operation.stopped else operation.state, ended)
        if run is None:
            return None
        keys = tracked.keys
        if keys.missing is not None:  # its parent may have come meanwhile
            keys = keys_of(entry, self._ledger)
            entry.learned_as = keys.key
        run.load = self._load(tracked, ended)
        record = {**run.to_dict(), "operation": operation.id}
        return StoreRun(keys.key, record, keys.name, keys.coarser)

    def so_far(self, entry: Entry, now: float) -> tuple[Run, list[str]] | None:
        """Return what a run has taken until now or its end, and the keys of its open stages.

        None before it has begun. Of what has ended, times in which it waited are not known.
        """
        tracked: OperationForecast | None = entry.forecast
        forecast = None if tracked is None else tracked.forecast
        if forecast is None or tracked is None:
            operation = entry.operation
            forecast = Forecast()
            replay(operation, forecast)
            return forecast.so_far(now if operation.ended is None else operation.ended)
        found = forecast.so_far(now)
        if found is not None:
            found[0].load = self._load(tracked, now)
        return found

    def _load(self, tracked: OperationForecast, now: float) -> float | None:
        """Return the share of its time in which anything waited for a processor, 0…1, or None."""
        if self.stalled is None or tracked.stalled is None or now <= tracked.begun:
            return None
        return min(1.0, max(0.0, self.stalled - tracked.stalled) / (now - tracked.begun))

    def forget(self, entry: Entry) -> None:
        """Forget an operation that has expired."""
        self._queue.drop(entry)
        self._wait_no_more(entry)
        entry.forecast = None

    def deadline(self, *, watched: bool) -> float | None:
        """Return when the stalest estimate is to be made again."""
        return self._queue.deadline(watched=watched)

    def _wait_no_more(self, entry: Entry) -> None:
        """Stop waiting for the earlier runs of an operation, and for what it is inside of."""
        if entry.forecast is not None:
            self._awaited.drop(entry, entry.forecast.keys)

    def _give_up(self, entry: Entry, error: Exception) -> None:
        """Drop the forecast of an operation for good: what raised once raises again."""
        self._queue.drop(entry)
        self._wait_no_more(entry)
        entry.forecast = None
        self._faults.add(f"estimate of {entry.operation.id}", entry.session.id, error)
        operation = entry.operation
        if operation.estimate is not None:
            operation.estimate = None
            self._ledger.mark(entry).figures = True

    @_contained
    def _build(self, entry: Entry, runs: list[Run], prior: float | None = None) -> None:
        """Create the forecast of an operation, and replay its past changes into it."""
        operation, tracked = entry.operation, entry.forecast
        forecast = tracked.forecast = Forecast(runs, prior)
        tracked.runs = min(len(runs), REMEMBERED)
        tracked.estimated_at = NEVER
        self._queue.add_new(entry)
        self._ledger.mark(entry)
        replay(operation, forecast)
        tracked.changed.update(
            (stage.id, None)
            for stage in operation.stages.values()
            if stage.state == WAITING or (stage.open and stage.shown != stage.initial)
        )
        forecast.hold(operation.stopped_since or tracked.begun, waiting=is_held(operation))

    def _tell_parent(self, entry: Entry, now: float) -> None:
        """Report a child to the forecast of its parent, as a stage or in one that counts it."""
        operation = entry.operation
        if not operation.parent:
            return
        above, _, stage_id = operation.parent.partition("/")
        parent = self._ledger.entries.get(above)
        tracked: OperationForecast | None = parent.forecast if parent is not None else None
        if parent is None or parent is entry or tracked is None or tracked.forecast is None:
            return
        stage = parent.operation.stages.get(int(stage_id)) if stage_id.isdecimal() else None
        try:
            if stage is not None and stage.total:
                tracked.observe_beside(operation, stage)
            else:
                tracked.observe_child(operation, stage, now)
        except Exception as error:
            self._give_up(parent, error)
        self._ledger.mark(parent)

    def _asked_within(self, tracked: OperationForecast) -> bool:
        """Return whether a child operation waits for a person, who answers or continues it."""
        entries = (self._ledger.entries.get(child) for child in tracked.children)
        return any(
            entry is not None and entry.forecast is not None and entry.forecast.asked
            for entry in entries
        )
