"""Estimates: what an operation's observations and its earlier runs say of the time it still takes.

Pure, and standing on nothing else of headway. A `Forecast` follows one operation; the `Run`
that its end returns is what the next one's forecast is given as history.
"""

from __future__ import annotations

from headway.estimate.band import Estimate
from headway.estimate.forecast import Forecast
from headway.estimate.history.accuracy import Accuracy, accuracy
from headway.estimate.history.key import history_key
from headway.estimate.history.run import Run
from headway.estimate.phrase import Wording, describe, duration

__all__ = [
    "Accuracy",
    "Estimate",
    "Forecast",
    "Run",
    "Wording",
    "accuracy",
    "describe",
    "duration",
    "history_key",
]
