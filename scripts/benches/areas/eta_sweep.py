"""`scripts/bench eta --sweep [PART]`: what each constant of the estimate does, doubled and halved.

For every number that a module of `headway.estimate` assigns to a name in capitals, the recorded
operations are estimated again with twice and with half of it: those of tests/recordings/eta, and
one in `COMMANDS_EACH` of the commands, for what is held against hidden counts; of each the newest
run, with all before it as history and with none, at `TICKS` moments. Printed are the differences
from the values as they are: of the error with and without history, of the share of time in which
the range held, and of the jitter (how far the announced end moved, over the duration); and the
operation whose error changed most.

What a constant cannot change is not made anew (`scope_of`): earlier runs are learned with the
values as they are, unless its module takes part in what a run teaches.

PART is what the name of a constant contains ("cold.", "interval."): all of them take minutes.
`--write` keeps what was found, of all parts so far, in docs/figures/sweep.json, and writes the
table into docs/estimates.md with the reason that stands beside each constant.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence, TextIO

import headway.estimate
from benches import rendering
from benches.areas.eta import COMMANDS, RECORDINGS, TRACES
from benches.areas.eta_scores import TICK, Operation, Recorded, Score, operations, play, score
from headway.estimate import Run

TICKS = 60
COMMANDS_EACH = 5
FACTORS = (2, 0.5)
# Shares near one: what is doubled and halved is what they lack of it.
SHARES = frozenset({"MAXIMUM", "NINE_IN_TEN", "UNSEEN_END"})
SEEN = 0.0005  # a change below that is none
# Modules by whose constants runs teach otherwise: their curves, and how far their estimates erred.
TEACHING = ("learning.", "observed.", "stage.", "history.curve.", "history.work.", "interval.")
# Modules that nothing asks without an earlier run …
WITH_HISTORY = (
    "analogues.",
    "concurrency.",
    "hidden_counts.",
    "history.order.",
    "history.parameters.",
    "history.trust.",
    "history.waits.",
    "history.work.",
)
HIDDEN = ("hidden_counts.", "history.work.")  # … and without samples of hidden counts
ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / "docs" / "figures" / "sweep.json"
PAGE = ROOT / "docs" / "estimates.md"
BLOCK = "eta sweep"


class Constant(NamedTuple):
    """A number in capitals, the module that assigns it, and all that hold it by that name.

    `reason` is what the comment beside it says of why it is so, without what the sweep tells.
    """

    module: str
    name: str
    value: float
    holders: list[str]
    reason: str

    @property
    def label(self) -> str:
        """Return its name behind that of its module."""
        return f"{self.module[len(headway.estimate.__name__) + 1 :]}.{self.name}"


class Scope(NamedTuple):
    """What a constant can change: what runs teach, the estimate without history, what has no work.

    `bare` are the operations without samples of hidden counts.
    """

    lessons: bool
    cold: bool
    bare: bool


class Swept(NamedTuple):
    """An operation as it is swept: its runs, what they taught, and the scores as it is."""

    runs: list[Recorded]
    lessons: list[Run]
    known: Score
    cold: Score

    @property
    def is_bare(self) -> bool:
        """Return whether there are no samples of hidden counts."""
        return all(change.work is None for run in self.runs for change in run.changes)


class Effect(NamedTuple):
    """Means over the operations, and each operation's error with history."""

    error: float
    cold: float
    covered: float
    jitter: float
    cold_covered: float
    errors: dict[str, float]


def constants() -> list[Constant]:
    """Return the constants of `headway.estimate`, each at the module that assigns it."""
    package = headway.estimate
    prefix = package.__name__ + "."
    names = [module.name for module in pkgutil.walk_packages(package.__path__, prefix)]
    modules = {name: importlib.import_module(name) for name in names}
    trees = {name: ast.parse(inspect.getsource(module)) for name, module in modules.items()}
    found: list[Constant] = []
    for module, tree in trees.items():
        for name in _assigned(tree):
            value = getattr(modules[module], name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if number and not name.endswith("FORMAT"):  # which is a name
                importers = [other for other in trees if _imports(trees[other], module, name)]
                reason = reason_of(inspect.getsource(modules[module]), name)
                found.append(Constant(module, name, value, [module, *importers], reason))
    return found


def reason_of(source: str, name: str) -> str:
    """Return what the comment above or behind an assignment says, up to what doubling does."""
    lines = source.splitlines()
    at = next(at for at, line in enumerate(lines) if re.match(rf"{name}\b.* = ", line))
    behind = lines[at].partition("  # ")[2]
    above: list[str] = []
    while at > 0 and lines[at - 1].startswith("# "):
        at -= 1
        above.insert(0, lines[at][2:])
    words = behind or " ".join(above)
    return re.split(r" (?:Doubled|Halved)\b", words)[0].rstrip()


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id.isupper():
                    yield target.id


def _imports(tree: ast.Module, module: str, name: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == module
        and any(alias.name == name for alias in node.names)
        for node in tree.body
    )


@contextmanager
def scaled(constant: Constant, factor: float) -> Iterator[None]:
    """Multiply a constant inside the block; a whole number stays one and at least 1."""
    value: Any = constant.value * factor
    if constant.name in SHARES:
        value = 1 - (1 - constant.value) * factor
    if isinstance(constant.value, int):
        value = max(1, int(value))
    try:
        for module in constant.holders:
            setattr(sys.modules[module], constant.name, value)
        yield
    finally:
        for module in constant.holders:
            setattr(sys.modules[module], constant.name, constant.value)


def scope_of(constant: Constant) -> Scope:
    """Return what a constant can change, by its module."""
    label = constant.label
    return Scope(
        label.startswith(TEACHING),
        not label.startswith(WITH_HISTORY),
        not label.startswith(HIDDEN),
    )


def measure(runs: list[Recorded]) -> Swept:
    """Score the newest run of an operation, with and without those before it."""
    lessons = _lessons(runs)
    return Swept(runs, lessons, _score(runs, lessons), _score(runs, ()))


def changed(swept: Swept, scope: Scope) -> Swept:
    """Score the newest run again, as far as it can have changed."""
    if not scope.bare and swept.is_bare:
        return swept
    lessons = _lessons(swept.runs) if scope.lessons else swept.lessons
    known = _score(swept.runs, lessons)
    return Swept(swept.runs, lessons, known, _score(swept.runs, ()) if scope.cold else swept.cold)


def summed(swept: Mapping[str, Swept]) -> Effect:
    """Return the means over the operations."""
    known = [one.known for one in swept.values()]
    return Effect(
        _mean(one.error for one in known),
        _mean(one.cold.error for one in swept.values()),
        _mean(one.held for one in known if one.held is not None),
        _mean(one.jitter for one in known),
        _mean(one.cold.held for one in swept.values() if one.cold.held is not None),
        {name: one.known.error for name, one in swept.items()},
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / max(1, len(found))


def _lessons(runs: list[Recorded]) -> list[Run]:
    """Return what every run but the newest taught, each knowing those before it."""
    played = Operation(runs, _step(runs))
    lessons = [played.played(at, tuple(range(at))).lesson for at in range(len(runs) - 1)]
    return [one for one in lessons if one is not None]


def _score(runs: list[Recorded], history: Sequence[Run]) -> Score:
    return score(play(runs[-1], history, _step(runs)), runs[-1].seconds)


def _step(runs: list[Recorded]) -> float:
    return max(TICK, max(run.seconds for run in runs) / TICKS)


def effect(job: tuple[Constant, float]) -> Effect:
    """Return the effect of one factor on one constant, on what `_take` was given."""
    constant, factor = job
    scope = scope_of(constant)
    with scaled(constant, factor):
        return summed({name: changed(one, scope) for name, one in _swept.items()})


_swept: dict[str, Swept] = {}  # of this process of the pool


def _take(swept: dict[str, Swept]) -> None:
    _swept.update(swept)


def sweep(out: TextIO, part: str = "", *, quick: bool = False, write: bool = False) -> None:
    """Write a line for every factor of the constants of a part; with `quick` of one alone."""
    recorded: dict[str, list[Recorded]] = {}
    for folder in (RECORDINGS, *TRACES):
        recorded.update(operations(folder, quick=quick))
    commands = list(operations(COMMANDS, quick=quick).items())
    recorded.update(commands[::COMMANDS_EACH])
    chosen = [one for one in constants() if part in one.label][: 1 if quick else None]
    jobs = [(constant, factor) for constant in chosen for factor in FACTORS]
    found: dict[str, list[list[float]]] = {}
    with ProcessPoolExecutor() as pool:
        swept = dict(zip(recorded, pool.map(measure, recorded.values())))
    base = summed(swept)
    with ProcessPoolExecutor(initializer=_take, initargs=(swept,)) as pool:
        out.write(
            f"as it is: error {base.error:.3f}, without history {base.cold:.3f}, "
            f"range held {base.covered:.3f}, jitter {base.jitter:.2f}\n\n"
            f"{'constant':48} {'':>9} {'error':>7} {'cold':>7} {'held':>7} {'jitter':>7}  most\n"
        )
        for (constant, factor), one in zip(jobs, pool.map(effect, jobs)):
            out.write(_line(constant, factor, one, base))
            out.flush()
            changes = [new - old for new, old in zip(one[:5], base[:5])]
            found.setdefault(constant.label, []).append(changes)
    if write:
        _write(found)


def _line(constant: Constant, factor: float, effect: Effect, base: Effect) -> str:
    changes = {name: effect.errors[name] - error for name, error in base.errors.items()}
    most = max(changes, key=lambda name: abs(changes[name]))
    return (
        f"{constant.label:48} {constant.value:>6g} ×{factor:<3g} "
        f"{effect.error - base.error:+7.3f} {effect.cold - base.cold:+7.3f} "
        f"{effect.covered - base.covered:+7.3f} {effect.jitter - base.jitter:+7.2f}  "
        f"{most} {changes[most]:+.3f}\n"
    )


def _write(found: dict[str, list[list[float]]]) -> None:
    """Keep what was found beside that of other parts, and write the table of all."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for label, changes in found.items():
        kept[label] = [[round(one, 4) for one in row] for row in changes]
    known = constants()
    kept = {one.label: kept[one.label] for one in known if one.label in kept}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    PAGE.write_text(rendering.insert(PAGE.read_text(), {BLOCK: table(known, kept)}))


def idle(
    known: Sequence[Constant], kept: Mapping[str, Sequence[Sequence[float]]]
) -> list[Constant]:
    """Return the constants that change nothing that can be seen, doubled or halved."""
    rows = [(one, kept.get(one.label, ())) for one in known]
    return [one for one, found in rows if all(_changes(row) == "–" for row in found)]


def table(known: Sequence[Constant], kept: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Return a line for each constant, as Markdown: its reason, and what either factor does."""
    heads = ["constant", "value", "why"]
    heads += [f"×{factor:g}: error, cold, held, jitter, held cold" for factor in FACTORS]
    lines = [heads, ["---"] * len(heads)]
    for one in known:
        rows = kept.get(one.label)
        if rows is not None:
            told = [_changes(row) for row in rows]
            lines.append(
                [f"`{one.label}`", f"{one.value:g}", one.reason.replace("|", "\\|"), *told]
            )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _changes(row: Sequence[float]) -> str:
    """Return the changes of a row in words; "–" where none can be seen."""
    if all(abs(one) < SEEN for one in row):
        return "–"
    return ", ".join("0" if abs(one) < SEEN else f"{one:+.3f}" for one in row)
