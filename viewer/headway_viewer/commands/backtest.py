"""Backtest the estimator: what it would have estimated all along a recording.

Times are those of the recording: nothing is waited for.
"""

from __future__ import annotations

import json
import math
import os

from headway.estimate import Forecast
from headway.states import WAITING
from headway_viewer.public_json.reader import changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    from headway.estimate import Run
    from headway_viewer.public_json.reader import Change


TICKS_LIMIT = 100_000  # estimates between two changes: seven hours at the usual tick


class Backtest:
    """The forecasts of the operations of one recording, advanced change by change.

    `history` (key → earlier runs) teaches the forecasts, and learns from what ends. `tick` is
    the time between two estimates, in seconds.
    """

    def __init__(self, history: dict[str, list[Run]], tick: float) -> None:
        self.history = history
        self.tick = tick
        self._ticks = 0
        self._known: dict[tuple[str, int], float] = {}  # operation and stage → its last known count
        self._open: dict[str, tuple[str, Forecast]] = {}
        # Operation → its stages that wait for a person; 0 stands for the whole operation.
        self._waiting_for_answer: dict[str, set[int]] = {}

    def run(self, changes: Iterable[Change], emit: Callable[[dict[str, Any]], None]) -> None:
        """Apply `changes`; call `emit` at every tick with the estimate of each open operation.

        A tick comes after all changes up to its time. An operation that ends is added to the
        history of its key.
        """
        for change in changes:
            # Nothing is estimated while nothing is open, nor all along a gap of hours.
            due = math.ceil(change.time / self.tick)
            skipped = due - self._ticks - (TICKS_LIMIT if self._open else 0)
            self._ticks += max(0, skipped)
            while self._ticks * self.tick < change.time:
                self._emit(self._ticks * self.tick, emit)
                self._ticks += 1
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.kind == "begin":
            forecast = Forecast(self.history.get(change.key, ()))
            forecast.start(change.time)
            self._open[change.operation] = (change.key, forecast)
            return
        found = self._open.get(change.operation)
        if found is None:
            return
        key, forecast = found
        asking = self._waiting_for_answer.setdefault(change.operation, set())
        (asking.add if change.asked else asking.discard)(change.stage)
        if change.kind == "end":
            del self._open[change.operation], self._waiting_for_answer[change.operation]
            lesson = forecast.finish(change.state, change.time)
            if lesson is not None:
                self.history.setdefault(key, []).append(lesson)
            return
        if change.kind == "whole":
            forecast.discount(change.idle, change.time)
            forecast.hold(change.time, waiting=change.state == WAITING)
            return
        if change.work is not None:
            forecast.take_work(change.time, *change.work)
            return
        observe_stage(forecast, change, self._known)

    def _emit(self, now: float, emit: Callable[[dict[str, Any]], None]) -> None:
        for operation, (_, forecast) in self._open.items():
            forecast.set_concurrency(len(self._open) - 1, now)
            estimate = None if self._waiting_for_answer.get(operation) else forecast.estimate(now)
            line: dict[str, Any] = {"t": round(now, 6), "op": operation}
            if estimate is None:
                line.update(low=None, median=None, high=None, basis=None, runs=0)
            else:
                line.update(
                    low=round(estimate.low, 4),
                    median=round(estimate.median, 4),
                    high=round(estimate.high, 4),
                    basis=estimate.basis,
                    runs=estimate.runs,
                )
            progress = forecast.progress(now)
            line["progress"] = None if progress is None else round(progress, 5)
            emit(line)


def observe_stage(forecast: Forecast, change: Change, known: dict[tuple[str, int], float]) -> None:
    """Pass a change of a stage to a forecast; an unknown count leaves the last one in `known`."""
    place = (change.operation, change.stage)
    if change.done is not None:
        known[place] = change.done
    forecast.observe(
        change.stage,
        change.name,
        change.parent,
        change.state,
        known.get(place, 0),
        change.total if change.done is not None else None,
        change.unit,
        change.time,
        change.attempt,
    )


def backtest(path: str, tick: float, folder: str | None, out: Callable[[str], Any]) -> None:
    """Write the estimates for the recording `path`, one JSON line a tick and operation.

    The recordings in `folder`, by name, teach the estimator first. Raise OSError and
    ValueError as `reader.changes` does.
    """
    history: dict[str, list[Run]] = {}
    if folder is not None:
        for name in sorted(os.listdir(folder)):
            if not name.startswith("."):
                Backtest(history, tick).run(changes(os.path.join(folder, name)), _discard)
    Backtest(history, tick).run(changes(path), lambda line: out(json.dumps(line) + "\n"))


def _discard(_line: dict[str, Any]) -> None:
    pass
