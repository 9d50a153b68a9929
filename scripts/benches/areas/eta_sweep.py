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
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Iterator, NamedTuple, TextIO

import headway.estimate
from benches.areas.eta import RECORDINGS, TRACES
from benches.areas.eta_scores import TICK, Operation, Recorded, Score, average, operations

TICKS = 200
FACTORS = (2, 0.5)


class Constant(NamedTuple):
    """A number in capitals, the module that assigns it, and all that hold it by that name."""

    module: str
    name: str
    value: float
    holders: list[str]


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
                importers = [other for other in trees if _imports(trees[other], module, name)]
                found.append(Constant(module, name, value, [module, *importers]))
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
            setattr(sys.modules[module], constant.name, value)
        yield
    finally:
        for module in constant.holders:
            setattr(sys.modules[module], constant.name, constant.value)


def evaluate(recorded: dict[str, list[Recorded]]) -> Effect:
    """Estimate every recorded operation, each run with those before it as history."""
    scores = {name: _operation(runs) for name, runs in recorded.items()}
    with_history = average([one for one, _ in scores.values()])
    without = average([one for _, one in scores.values()])
    return Effect(
        with_history.error,
        without.error,
        with_history.held or 0.0,
        with_history.jitter,
        {name: one.error for name, (one, _) in scores.items()},
    )


def _operation(runs: list[Recorded]) -> tuple[Score, Score]:
    longest = max(run.seconds for run in runs)
    played = Operation(runs, max(TICK, longest / TICKS))
    return average(played.scores("causal")), average(played.scores("cold"))


def effect(job: tuple[Constant | None, float, dict[str, list[Recorded]]]) -> Effect:
    """Return the effect of one factor on one constant, or of none."""
    constant, factor, recorded = job
    if constant is None:
        return evaluate(recorded)
    with scaled(constant, factor):
        return evaluate(recorded)


def sweep(out: TextIO, *, quick: bool = False) -> None:
    """Write a line for every constant and factor; with `quick` for one constant only."""
    recorded: dict[str, list[Recorded]] = {}
    for folder in (RECORDINGS, *TRACES):
        recorded.update(operations(folder, quick=quick))
    jobs = [
        (constant, factor, recorded)
        for constant in constants()[: 1 if quick else None]
        for factor in FACTORS
    ]
    with ProcessPoolExecutor() as pool:
        base = effect((None, 1.0, recorded))
        out.write(
            f"as it is: error {base.error:.3f}, without history {base.cold:.3f}, "
            f"range held {base.covered:.3f}, jitter {base.jitter:.2f}\n\n"
            f"{'constant':48} {'':>9} {'error':>7} {'cold':>7} {'held':>7} {'jitter':>7}  most\n"
        )
        for (constant, factor, _), found in zip(jobs, pool.map(effect, jobs)):
            out.write(_line(constant, factor, found, base))
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
