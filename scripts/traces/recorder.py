"""What one run reports, written as a trace."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterable

BETWEEN = 0.1  # seconds between two reports of one stage
FEWEST = 150  # and at most so many in a run


class Recorder:
    """What one run reports, in the order of time."""

    def __init__(self, operation: str, plan: list[str], condition: str) -> None:
        self.operation = operation
        self.begun = time.monotonic()
        self.lock = threading.Lock()
        self.last = {}
        self.lines = [self.line(0, "", 0, len(plan), "stage", "plan", plan=plan, cond=condition)]

    def line(
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

    def say(
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
            if state == "run" and now - self.last.get(stage, -1.0) < BETWEEN:
                return
            self.last[stage] = now
            self.lines.append(self.line(now, stage, done, total, unit, state, **more))

    def count(
        self,
        stage: str,
        items: Iterable[Any],
        unit: str,
        work: Callable[[Any], Any],
        *,
        total: bool = True,
        **more: Any,
    ) -> None:
        """Work on every item; the stage's total is their number, or unknown."""
        items = list(items)
        known = len(items) if total else None
        self.say(stage, 0, known, unit, "start", **more)
        for number, item in enumerate(items, 1):
            work(item)
            self.say(stage, number, known, unit, "run", **more)
        self.say(stage, len(items), known, unit, "done", **more)

    def blind(self, stage: str, work: Callable[[], Any], **more: Any) -> None:
        """Work without a word until it is done."""
        self.say(stage, 0, None, "", "start", **more)
        work()
        self.say(stage, 0, None, "", "done", **more)

    def write(self, path: Path) -> None:
        whole = round(time.monotonic() - self.begun, 3)
        self.lines.append(self.line(whole, "", 0, None, "", "end"))
        path.parent.mkdir(parents=True, exist_ok=True)
        last = {}
        with path.open("w") as file:
            for line in self.lines:
                if line["state"] == "run":
                    if line["t"] - last.get(line["stage"], -whole) < whole / FEWEST:
                        continue
                    last[line["stage"]] = line["t"]
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
