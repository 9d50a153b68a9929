"""Where the broker listens, and starting one for those who may."""

from __future__ import annotations

import os
import time
from typing import Callable

from headway.host import launch

START_EVERY = 2.0  # seconds between two attempts to start a broker


def endpoint_finder(*, start: bool) -> Callable[[], str | None]:
    """What looks for the broker, and with `start` starts one where there is none."""
    last = float("-inf")

    def find() -> str | None:
        nonlocal last
        now = time.monotonic()
        due = start and now - last >= START_EVERY
        if due:
            last = now
        return find_endpoint(start=due)

    return find


def find_endpoint(*, start: bool) -> str | None:
    """Where the broker listens. Raises `NoRuntimeDirectory` where none can be started."""
    try:
        return launch.endpoint(os.environ, os.getuid(), start=start)
    except launch.NoRuntimeDirectory:
        if start:
            raise
        return None
