"""Why a run took as long as it did: it against its usual, stage by stage; pure.

A stage is told as a reason where it took clearly longer than the earlier runs' usual and that is a
share of the whole that matters. The chain is what made the length: the stage that ended last, the
one that had ended last before that began, and so on. What is not known is not told.
"""

from __future__ import annotations

from math import inf
from statistics import median
from typing import Any, Collection, Iterable, NamedTuple, Sequence

from headway import string_width, text
from headway.estimate import Run, Usual, usual_of
from headway.estimate.history.span import Span
from headway.formatting.duration import duration

# Multiple of its usual duration from which on a stage is told as a reason, and the inverse as a
# gain: runs differ by a quarter without anything being wrong.
SLOWER = 1.25
# Share of the usual whole that a stage has to have lost to be told, and seconds at least.
MATTERS, MATTERS_SECONDS = 0.05, 0.2
OVERLAP_SHARE = 0.003  # of the run: stages that overlap by less follow each other
REASONS_SHOWN = 3
OTHERS_LEAST = 0.5  # mean number of other operations from which on they are told
WAITED_LEAST = 1.0  # seconds
LOAD_LEAST = 0.2  # share of the time in which something waited for a processor, and …
LOAD_MORE = 0.15  # … how much more than usual that has to be
NAME_WIDTH = 36
OUTSIDE = "outside the stages"
OUTSIDE_ONE = "before or after"  # … of the only stage there is
UNLIKE = "no run with these arguments is remembered"
UNSTAGED = "all of it"
SHORT = "it did not come to its end, so that it was not fast"


class StageTime(NamedTuple):
    """What one stage took, and usually takes; `seconds` is None where it did not run.

    `cut`: it ended with a run that did not succeed, so that it was not fast.
    `stage`: it is one, and not the time in which none went on. `start`, `end` and `usual_start`
    count from the beginning of the run; None where they are unknown.
    """

    name: str
    seconds: float | None
    usual: Usual | None
    going: bool = False
    chain: bool = False
    stage: bool = True
    start: float | None = None
    end: float | None = None
    usual_start: float | None = None
    cut: bool = False

    @property
    def ratio(self) -> float | None:
        """Return how many times the usual it took, or None."""
        if self.seconds is None or self.usual is None or self.usual.median <= 0:
            return None
        return self.seconds / self.usual.median


class Explanation(NamedTuple):
    """A run against its usual.

    `whole` is all of it; `stages` those of the run in the order in which they began, then those
    that earlier runs had and this one has not; `beside`, `load` and `waited` are as in `Run`,
    with the median of earlier runs, or None.
    """

    whole: StageTime
    stages: list[StageTime]
    beside: tuple[float | None, float | None]
    load: tuple[float | None, float | None]
    waited: tuple[float | None, float | None]
    unlike: bool = False  # the runs it is held against had other arguments, or were elsewhere

    @property
    def going(self) -> bool:
        """Return whether the run goes on."""
        return self.whole.going

    @property
    def once(self) -> bool:
        """Return whether it is held against a single run: nothing is usual then."""
        compared = [one.usual for one in (self.whole, *self.stages) if one.usual is not None]
        return max((usual.runs for usual in compared), default=0) == 1

    @property
    def chain(self) -> list[StageTime]:
        """Return the stages that made its length, in their order."""
        return [stage for stage in self.stages if stage.chain]


def explain(
    run: Run,
    earlier: Sequence[Run],
    *,
    going: bool = False,
    open_keys: Collection[str] = (),
    short: bool = False,
    unlike: bool = False,
) -> Explanation:
    """Hold a run against earlier ones; `open_keys` are the stages that go on.

    `short`: it has ended without success, and so have the stages that ended with it. `unlike`:
    the earlier ones had other arguments, or were elsewhere, so that no ratio is told.
    """
    known = short and run.seconds is not None  # else only stages that did succeed are known of it
    cut_after = (1 - OVERLAP_SHARE) * (run.seconds or 0.0) if known else inf
    leaves = sorted(_leaves(run), key=lambda span: (span.start, span.end))
    chained = {span.key for span in chain(leaves, run.seconds or 0.0)}
    past: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    for one in earlier:
        for span in _leaves(one):
            past.setdefault(span.key, []).append(span.worked)
            starts.setdefault(span.key, []).append(span.start)
    stages = [
        StageTime(
            _name(span.key),
            span.worked,
            usual_of(past.get(span.key, ())),
            going and span.key in open_keys,
            span.key in chained,
            start=span.start,
            end=span.end,
            usual_start=_median(starts.get(span.key, ())),
            cut=span.end >= cut_after,
        )
        for span in leaves
    ]
    between = _outside(run)
    if between is not None:
        usual = usual_of(value for value in map(_outside, earlier) if value is not None)
        most = max(between, usual.median if usual else 0.0)
        if most >= max(MATTERS * (run.seconds or 0.0), MATTERS_SECONDS):
            name = OUTSIDE if len(leaves) > 1 else f"{OUTSIDE_ONE} {_name(leaves[0].key)}"
            stages.append(StageTime(name, between, usual, stage=False, cut=short))
    if not going:
        had = {span.key for span in run.spans if span.worked > 0}
        whole = [one for one in earlier if one.seconds is not None]
        for key, seconds in past.items():
            if key not in had and len(seconds) > len(whole) / 2:
                usual_start = _median(starts[key])
                stages.append(
                    StageTime(_name(key), None, usual_of(seconds), usual_start=usual_start)
                )
    return Explanation(
        StageTime(
            UNSTAGED,
            run.seconds,
            usual_of(one.seconds for one in earlier if one.seconds is not None),
            going,
            cut=short,
        ),
        stages,
        (run.beside, _median(one.beside for one in earlier)),
        (run.load, _median(one.load for one in earlier)),
        (run.waited, _median(one.waited for one in earlier)),
        unlike,
    )


def chain(leaves: Sequence[Span], whole: float) -> list[Span]:
    """Return the stages that made the length, in their order: each waited for the one before."""
    slack = OVERLAP_SHARE * whole
    found: list[Span] = []
    rest = list(leaves)
    while rest:
        last = max(rest, key=lambda span: (span.end, -span.start))
        found.append(last)
        rest = [span for span in rest if span.end <= last.start + slack and span is not last]
        rest = [span for span in rest if span.start < last.start]
    found.reverse()
    return found


def verdict(found: Explanation) -> str:
    """Return in a sentence where the run lost or won time, and in what company."""
    whole = found.whole
    compared = [stage for stage in found.stages if stage.ratio is not None]
    if whole.usual is None and not compared:
        return "nothing to compare with: no earlier run is remembered"
    if found.unlike:
        return "; ".join([UNLIKE, *_circumstances(found)])
    least = max(MATTERS * (whole.usual.median if whole.usual else 0.0), MATTERS_SECONDS)
    slow = [stage for stage in compared if _is_slow(stage, least)]
    slow.sort(key=_gained)
    fast = [stage for stage in compared if _is_fast(stage, least)]
    fast.sort(key=_gained, reverse=True)
    clauses = [_took(stage) for stage in slow[:REASONS_SHOWN]]
    if len(slow) > REASONS_SHOWN:
        clauses.append(f"{len(slow) - REASONS_SHOWN} more took longer")
    if not slow and _is_slow(whole, MATTERS_SECONDS):
        clauses.append(_took(whole))
    elif not slow and not found.going:
        clauses += [_took(stage) for stage in fast[:REASONS_SHOWN]]
        if not fast and _is_fast(whole, MATTERS_SECONDS):
            clauses.append(_took(whole))
    new = [stage for stage in found.stages if stage.usual is None and stage.seconds is not None]
    new = [stage for stage in new if (stage.seconds or 0.0) >= least and compared]
    clauses += [f"{stage.name} ({spent(stage.seconds)}) is new" for stage in new[:REASONS_SHOWN]]
    missing = [stage for stage in found.stages if stage.seconds is None]
    clauses += [f"{stage.name} did not run" for stage in missing[:REASONS_SHOWN]]
    told = len(slow) + (0 if slow else len(fast))
    always = "as before" if found.once else "as always"
    if not clauses:
        clauses.append(f"{always} so far" if found.going else SHORT if whole.cut else always)
    elif sum(not stage.cut for stage in compared) > told > 0:
        clauses.append(f"the rest {always}")
    return "; ".join([", ".join(clauses), *_circumstances(found)])


def lines(found: Explanation) -> list[str]:
    """Return a line for each stage: its mark, name, what it took, what is usual, and the ratio."""
    if not found.stages:
        return []
    marked = not all(stage.chain for stage in found.stages if stage.stage)
    head = "others" if found.unlike else "before" if found.once else "usually"
    lines = [f"  {'':{NAME_WIDTH}} {'took':>9} {head:>9}"]
    for stage in found.stages:
        mark = ">" if marked and stage.chain else " "
        label = string_width.pad(string_width.clip(stage.name, NAME_WIDTH), NAME_WIDTH)
        took = "-" if stage.seconds is None else spent(stage.seconds)
        usual = "?" if stage.usual is None else spent(stage.usual.median)
        ratio = None if found.unlike else stage.ratio
        more = f"  {multiple(ratio)}" if ratio is not None and ratio > SLOWER else ""
        going = "  so far" if stage.going else ""
        lines.append(f"{mark} {label} {took:>9} {usual:>9}{more}{going}")
    return [*lines, "> made its length"] if marked else lines


def record(found: Explanation) -> dict[str, Any]:
    """Return the explanation for JSON."""
    return {
        "seconds": found.whole.seconds,
        "usual": _usual_record(found.whole.usual),
        "unlike": found.unlike,
        "verdict": verdict(found),
        "chain": [stage.name for stage in found.chain],
        "stages": [
            {
                "name": stage.name,
                "seconds": stage.seconds,
                "usual": _usual_record(stage.usual),
                "ratio": None if found.unlike or stage.ratio is None else round(stage.ratio, 3),
                "going": stage.going,
                "chain": stage.chain,
                "cut": stage.cut,
                "start": stage.start,
                "end": stage.end,
                "usual_start": stage.usual_start,
            }
            for stage in found.stages
        ],
        "beside": found.beside[0],
        "usual_beside": found.beside[1],
        "load": found.load[0],
        "usual_load": found.load[1],
        "waited": found.waited[0],
        "usual_waited": found.waited[1],
    }


def spent(seconds: float | None) -> str:
    """Return seconds as "38 s" or "2 min 4 s"; "?" for None."""
    return "?" if seconds is None else duration(seconds)


def multiple(ratio: float) -> str:
    """Return a ratio as "3.1 ×"."""
    return f"{ratio:.0f} ×" if ratio >= 9.95 else f"{ratio:.1f} ×"


def _took(stage: StageTime) -> str:
    ratio, usual = stage.ratio or 0.0, stage.usual
    verb = "has taken" if stage.going else "took"
    tail = " so far" if stage.going else ""
    median = spent(None if usual is None else usual.median)
    once = usual is not None and usual.runs == 1  # nothing is usual then
    than = f"the {median} of one earlier run" if once else f"its usual {median}"
    return f"{stage.name} {verb} {multiple(ratio)} {than}{tail}"


def _circumstances(found: Explanation) -> list[str]:
    """Return what else was different: company, load, waiting."""
    told: list[str] = []
    beside, usually = found.beside
    if beside is not None and beside >= OTHERS_LEAST:
        others = f"{beside:.0f} other{'' if round(beside) == 1 else 's'}"
        words = f"{others} {'run' if found.going else 'ran'}"
        if usually is not None and round(usually) != round(beside):
            number = f"{usually:.0f}" if usually >= OTHERS_LEAST else "none"
            words += f" ({number} before)" if found.once else f" (usually {number})"
        told.append(words)
    load, usual_load = found.load
    if load is not None and load >= max(LOAD_LEAST, (usual_load or 0.0) + LOAD_MORE):
        words = f"programs waited for a processor {load:.0%} of the time"
        if usual_load is not None:
            share = f"{usual_load:.0%}"
            words += f" ({share} before)" if found.once else f" (usually {share})"
        told.append(words)
    waited = found.waited[0]
    if waited is not None and waited >= WAITED_LEAST:
        told.append(f"{spent(waited)} of waiting not counted")
    return told


def _is_slow(stage: StageTime, least: float) -> bool:
    if stage.seconds is None or stage.usual is None:
        return False
    limit = max(SLOWER * stage.usual.median, stage.usual.high)
    return stage.seconds > limit and stage.seconds - stage.usual.median >= least


def _is_fast(stage: StageTime, least: float) -> bool:
    if stage.seconds is None or stage.usual is None or stage.going or stage.cut:
        return False
    limit = min(stage.usual.median / SLOWER, stage.usual.low)
    return stage.seconds < limit and stage.usual.median - stage.seconds >= least


def _gained(stage: StageTime) -> float:
    """Return the seconds won against the usual; negative where they were lost."""
    return (stage.usual.median if stage.usual else 0.0) - (stage.seconds or 0.0)


def _leaves(run: Run) -> list[Span]:
    """Return the stages of a run that stand for themselves, and did run."""
    return [span for span in run.spans if not span.group and span.worked > 0]


def _outside(run: Run) -> float | None:
    """Return the seconds of a run in which no stage went on; None without a whole or a stage."""
    leaves = _leaves(run)
    if run.seconds is None or not leaves:
        return None
    covered = until = 0.0
    for span in sorted(leaves, key=lambda span: span.start):
        covered += max(0.0, span.end - max(span.start, until))
        until = max(until, span.end)
    return max(0.0, run.seconds - covered)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _name(key: str) -> str:
    return text.safe(key.replace("\x1f", " / ").replace("\x1e", " #"))


def _usual_record(usual: Usual | None) -> dict[str, Any] | None:
    return None if usual is None else usual._asdict()
