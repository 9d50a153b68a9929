"""`scripts/bench eta --sweep`: what each constant of `headway.estimate` does, doubled and halved.

For every number that a module of `headway.estimate` assigns to a name in capitals, the recorded
operations are estimated again with twice and with half of it. Printed are the differences from
the values as they are: of the error, with and without history (as `eta` has it, but at most
`TICKS` times a run), of the share of time in which the range held, and of the jitter (how far the
announced end moved, over the duration); and the operation whose error changed most.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from contextlib import contextmanager
from statistics import mean
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, TextIO

import headway.estimate
from benches.areas.eta import (
    COLD,
    OURS,
    TICK,
    Recorded,
    losses,
    median_of,
    observe_change,
    operations,
)
from headway.estimate import Estimate, Forecast, Run

if TYPE_CHECKING:
    from types import ModuleType

    from headway_viewer.public_json.reader import Change

TICKS = 200
FACTORS = (2, 0.5)


class Constant(NamedTuple):
    """A number in capitals, the module that assigns it, and all that hold it by that name."""

    module: str
    name: str
    value: float
    holders: list[ModuleType]


class Effect(NamedTuple):
    """Means over the operations, and each operation's error."""

    error: float
    cold: float
    covered: float
    jitter: float
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
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                importers = [
                    modules[other] for other in trees if _imports(trees[other], module, name)
                ]
                found.append(Constant(module, name, value, [modules[module], *importers]))
    return found


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
    if isinstance(constant.value, int):
        value = max(1, int(value))
    try:
        for module in constant.holders:
            setattr(module, constant.name, value)
        yield
    finally:
        for module in constant.holders:
            setattr(module, constant.name, constant.value)


def evaluate(recorded: dict[str, list[Recorded]]) -> Effect:
    """Estimate every recorded operation, each run with those before it as history."""
    scores = {name: _operation(runs) for name, runs in recorded.items()}
    error, cold, covered, jitter = (mean(column) for column in zip(*scores.values()))
    return Effect(error, cold, covered, jitter, {name: one[0] for name, one in scores.items()})


def _operation(runs: list[Recorded]) -> tuple[float, float, float, float]:
    history: list[Run] = []
    ours: list[float] = []
    without: list[float] = []
    covered: list[float] = []
    jitter: list[float] = []
    for run in runs:
        forecast, cold = Forecast(history), Forecast()
        said: list[tuple[float, Estimate]] = []

        def observe(
            change: Change, forecasts: tuple[Forecast, Forecast] = (forecast, cold)
        ) -> None:
            observe_change(change, forecasts)

        guesses = {OURS: median_of(forecast, said), COLD: median_of(cold, [])}
        found = losses(run, guesses, observe, max(TICK, run.seconds / TICKS))
        ours.append(found[OURS])
        without.append(found[COLD])
        ends = [now + one.median for now, one in said]
        jitter.append(sum(abs(b - a) for a, b in zip(ends, ends[1:])) / run.seconds)
        if history and said:
            covered.append(mean(one.low <= run.seconds - now <= one.high for now, one in said))
        lesson = forecast.finish("completed", run.seconds)
        if lesson is not None:
            history.append(lesson)
    return mean(ours), mean(without), mean(covered), mean(jitter)


def sweep(out: TextIO, *, quick: bool = False) -> None:
    """Write a line for every constant and factor; with `quick` for one constant only."""
    recorded = operations(quick=quick)
    base = evaluate(recorded)
    out.write(
        f"as it is: error {base.error:.3f}, without history {base.cold:.3f}, "
        f"range held {base.covered:.3f}, jitter {base.jitter:.2f}\n\n"
        f"{'constant':48} {'':>9} {'error':>7} {'cold':>7} {'held':>7} {'jitter':>7}  most\n"
    )
    for constant in constants()[: 1 if quick else None]:
        for factor in FACTORS:
            with scaled(constant, factor):
                effect = evaluate(recorded)
            out.write(_line(constant, factor, effect, base))
            out.flush()


def _line(constant: Constant, factor: float, effect: Effect, base: Effect) -> str:
    label = f"{constant.module[len('headway.estimate.') :]}.{constant.name}"
    changes = {name: effect.errors[name] - error for name, error in base.errors.items()}
    most = max(changes, key=lambda name: abs(changes[name]))
    return (
        f"{label:48} {constant.value:>6g} ×{factor:<3g} "
        f"{effect.error - base.error:+7.3f} {effect.cold - base.cold:+7.3f} "
        f"{effect.covered - base.covered:+7.3f} {effect.jitter - base.jitter:+7.2f}  "
        f"{most} {changes[most]:+.3f}\n"
    )
