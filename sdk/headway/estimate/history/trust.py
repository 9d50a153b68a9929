"""How far a stage's count can be trusted, learned from how well it foretold earlier runs.

Some stages go through their units in the same order at the same pace each time: the count says
how much is left. Others meet a few long units among many short ones, in another order each time:
there the usual duration says more. Which one a stage is shows when each earlier run is
foretold from another, and, before there are two, in how unevenly the count has moved.
"""

from __future__ import annotations

from math import exp, log

from headway.estimate.history.curve import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.history.run import Span

PHASES = (0.2, 0.5, 0.8)
EVEN = 0.3  # the error of an even count, in errors of the usual duration
UNEVEN = 1.5  # what the longest wait, as a share of the stage, adds to it
ERROR = 0.5  # the error of the usual duration, in logarithm
FIRM = 1.0  # in runs, how firmly both are believed


def trust(spans: Sequence[Span]) -> float:
    """Return the share of the estimate that comes from the count, 0…1, from earlier spans."""
    spans = [span for span in spans if span.worked > 0 and len(span.fractions) > 1]
    if not spans:
        return 1.0
    waits = sorted(_longest_wait(span) for span in spans)
    timed = FIRM * len(PHASES) * ERROR**2
    counted = timed * (EVEN + UNEVEN * waits[len(waits) // 2]) ** 2
    for model in spans:
        for truth in spans:
            if model is truth or model.unit != truth.unit or model.total <= 0:
                continue
            for phase in PHASES:
                by_count, by_time = _errors(model, truth, phase)
                counted += by_count * by_count / (len(spans) - 1)
                timed += by_time * by_time / (len(spans) - 1)
    return timed**3 / (timed**3 + counted**3)


def _errors(model: Span, truth: Span, phase: float) -> tuple[float, float]:
    """Return the errors of the count and of the duration at one phase of `truth`.

    Logarithms of foretold over true remaining time, if the rest had gone as in `model`.
    """
    passed = phase * truth.worked
    grain = 0.02 * (model.worked + truth.worked)
    fraction = _reached(truth, passed)
    size = 0.0
    if not truth.sized or model.moved:
        fraction = min(1.0, fraction * truth.total / model.total)
    elif truth.total > 0 and model.unit != "%":
        size = 0.9 * log(truth.total / model.total)
    tau = moment(model.fractions, model.seconds, fraction).reached
    weight = tau / (tau + 0.1 * model.worked + grain)
    pace = weight * log((passed + grain) / (tau + grain)) + (1 - weight) * size
    left = truth.worked - passed
    by_count = exp(max(-2.5, min(2.5, pace))) * max(0.0, model.worked - tau)
    by_time = model.worked * exp(max(-2.5, min(2.5, size))) - passed
    if by_time < 0.15 * passed:
        by_time = 0.15 * passed if by_time > 0 else min(0.15 * passed, -0.3 * by_time)
    return log((by_count + grain) / (left + grain)), log((by_time + grain) / (left + grain))


def _longest_wait(span: Span) -> float:
    """Return the longest time between two counts, as a share of the whole stage."""
    longest = before = 0.0
    for second in span.seconds:
        longest = max(longest, second - before)
        before = second
    return min(1.0, max(longest, span.worked - before) / span.worked)


def _reached(span: Span, passed: float) -> float:
    """Return the fraction that a run had reached after so many seconds."""
    at = 0.0
    for second, fraction in zip(span.seconds, span.fractions):
        if second > passed:
            break
        at = fraction
    return at
