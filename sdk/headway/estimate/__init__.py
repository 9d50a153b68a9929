"""Estimates: the remaining time that an operation's observations and earlier runs imply.

Pure, and importing nothing else of headway. A `Forecast` follows one operation; the `Run`
that its end returns is history for the next one's forecast. `forecast` explains the method.
"""

from __future__ import annotations

from headway.estimate.forecast import Forecast
from headway.estimate.history.accuracy import Accuracy, accuracy, untold
from headway.estimate.history.key import history_key
from headway.estimate.history.run import Run
from headway.estimate.interval import Estimate
from headway.estimate.phrase import describe, duration, lasted
from headway.estimate.usual import Usual, usual_of, usually

__all__ = [
    "Accuracy",
    "Estimate",
    "Forecast",
    "Run",
    "Usual",
    "accuracy",
    "describe",
    "duration",
    "history_key",
    "lasted",
    "untold",
    "usual_of",
    "usually",
]
