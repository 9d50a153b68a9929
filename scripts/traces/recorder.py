"""Record what a run reports, and write it as a trace."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterable

INTERVAL = 0.1  # seconds between two reports of a stage
LINES = 150  # of a stage in a run, at most


class Recorder:
    """The reports of one run, in the order of time."""

    def __init__(self, operation: str, plan: list[str], condition: str) -> None:
        self.operation = operation
        self.begun = time.monotonic()
        self.lock = threading.Lock()
        self.last = {}
        self.lines = [self._line(0, "", 0, len(plan), "stage", "plan", plan=plan, cond=condition)]

    def _line(
        self,
        t: float,
        stage: str,
        done: float,
        total: float | None,
        unit: str,
        state: str,
        **more: Any,
    ) -> dict[str, Any]:
        return {
            "t": t,
            "op": self.operation,
            "stage": stage,
            "done": done,
            "total": total,
            "unit": unit,
            "state": state,
            **more,
        }

    def report(
        self,
        stage: str,
        done: float,
        total: float | None,
        unit: str,
        state: str,
        **more: Any,
    ) -> None:
        with self.lock:
            now = round(time.monotonic() - self.begun, 3)
            if state == "run" and now - self.last.get(stage, -1.0) < INTERVAL:
                return
            self.last[stage] = now
            self.lines.append(self._line(now, stage, done, total, unit, state, **more))

    def run_items(
        self,
        stage: str,
        items: Iterable[Any],
        unit: str,
        work: Callable[[Any], Any],
        *,
        total: bool = True,
        **more: Any,
    ) -> None:
        """Run a stage item by item; its total is their number, or unknown."""
        items = list(items)
        known = len(items) if total else None
        self.report(stage, 0, known, unit, "start", **more)
        for number, item in enumerate(items, 1):
            work(item)
            self.report(stage, number, known, unit, "run", **more)
        self.report(stage, len(items), known, unit, "done", **more)

    def run_opaque(self, stage: str, work: Callable[[], Any], **more: Any) -> None:
        """Run a stage that reports nothing until it is done."""
        self.report(stage, 0, None, "", "start", **more)
        work()
        self.report(stage, 0, None, "", "done", **more)

    def write(self, path: Path) -> None:
        whole = round(time.monotonic() - self.begun, 3)
        self.lines.append(self._line(whole, "", 0, None, "", "end"))
        path.parent.mkdir(parents=True, exist_ok=True)
        last = {}
        with path.open("w") as file:
            for line in self.lines:
                if line["state"] == "run":
                    if line["t"] - last.get(line["stage"], -whole) < whole / LINES:
                        continue
                    last[line["stage"]] = line["t"]
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
