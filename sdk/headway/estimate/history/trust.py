"""How far a stage's count can be trusted, fitted on how well it predicts earlier runs.

Some stages go through their units in the same order at the same pace each time: the count says
how much is left. Others meet a few long units among many short ones, in another order each time:
there the usual duration says more. Which kind a stage is shows when each earlier run is
predicted from another, and, before there are two, in how unevenly the count has moved.
"""

from __future__ import annotations

from math import exp, log

from headway.estimate.history.curve import moment
from headway.estimate.pace import ELASTICITY, PACE_LIMIT, clamp, log_pace, log_ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.history.span import Span

# Where each earlier run is predicted from another: early, in the middle and late in a stage.
PHASES = (0.2, 0.5, 0.8)
# Error of an even count, in errors of the usual duration, before there are two runs. Doubled: a
# little worse, on `retry-fetch` most; halved: hardly better.
EVEN_ERROR = 0.3
# What the longest wait between two counts, as a share of the stage, adds to it. Doubled: a little
# worse, on `retry-fetch` most; halved: hardly better.
UNEVEN_ERROR = 1.5
# Error of the usual duration, in logarithm, before there are two runs: a factor of 1.6. Doubled
# or halved: little effect.
TIME_ERROR = 0.5
# In runs, how firmly both are believed. Doubled or halved: hardly any effect.
FIRMNESS = 1.0
# Of both runs' stage, added to seconds before they are divided. Doubled or halved: hardly any
# effect.
TRUST_GRAIN = 0.02
# Share of what has passed that a stage beyond its usual duration is expected to take on; a rough
# form of `residual_life`, which needs what is being fitted here. Taken away, `wheel-build` is .025
# worse; with `residual_life` itself some operations are .015 better and others worse.
OVERRUN_LEAST = 0.15
# The same while it is only a little beyond. Taken away, ranges hold .002 less often; as long as the
# least, `deb-extract` is .009 worse.
OVERRUN_SHARE = 0.3
# Power with which the smaller squared error wins: at 3 a source whose squared error is twice as
# large has a ninth of the say. Doubled: hardly better; halved: a little worse.
SHARPNESS = 3


def trust(spans: Sequence[Span]) -> float:
    """Return the weight of the count in the estimate of a stage, 0…1, from its earlier spans."""
    spans = [span for span in spans if span.worked > 0 and len(span.fractions) > 1]
    if not spans:
        return 1.0
    counted, timed = squared_errors(spans)
    return timed**SHARPNESS / (timed**SHARPNESS + counted**SHARPNESS)


def squared_errors(spans: Sequence[Span]) -> tuple[float, float]:
    """Return the squared errors of the counts and of the usual durations of spans that count.

    Summed over phases and runs, with `FIRMNESS` runs of what is expected of such a count.
    """
    waits = sorted(_longest_wait(span) for span in spans)
    timed = FIRMNESS * len(PHASES) * TIME_ERROR**2
    counted = timed * (EVEN_ERROR + UNEVEN_ERROR * waits[len(waits) // 2]) ** 2
    for model in spans:
        for truth in spans:
            if model is truth or model.unit != truth.unit or model.total <= 0:
                continue
            for phase in PHASES:
                by_count, by_time = _errors(model, truth, phase)
                counted += by_count * by_count / (len(spans) - 1)
                timed += by_time * by_time / (len(spans) - 1)
    return counted, timed


def _errors(model: Span, truth: Span, phase: float) -> tuple[float, float]:
    """Return the errors of the count and of the duration at one phase of `truth`.

    Logarithms of predicted over true remaining time, if the rest had gone as in `model`.
    """
    passed = phase * truth.worked
    grain = TRUST_GRAIN * (model.worked + truth.worked)
    fraction = _reached(truth, passed)
    size = 0.0
    theirs, ours = model.passes[0][0], truth.passes[0][0]
    if not truth.sized or model.moved or theirs <= 0:
        fraction = min(1.0, fraction * truth.total / model.total)
    elif ours > 0 and len(model.passes) == len(truth.passes):
        # What was expected of the total that was announced, which may have been a maximum.
        fraction = min(1.0, fraction * (truth.total / ours) / (model.total / theirs))
        if model.unit != "%":
            size = ELASTICITY * log(ours / theirs)
    tau = moment(model.fractions, model.seconds, fraction).reached
    pace = log_pace(passed, tau, model.worked, size, grain)
    left = truth.worked - passed
    by_count = exp(clamp(pace, PACE_LIMIT)) * max(0.0, model.worked - tau)
    by_time = model.worked * exp(clamp(size, PACE_LIMIT)) - passed
    least = OVERRUN_LEAST * passed
    if by_time < least:
        by_time = least if by_time > 0 else min(least, -OVERRUN_SHARE * by_time)
    return log_ratio(by_count, left, grain), log_ratio(by_time, left, grain)


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
