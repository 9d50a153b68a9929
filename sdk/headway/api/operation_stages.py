"""The stages of an operation: announce, find by name and track them, in a forked child too."""

from __future__ import annotations

import threading

from headway.api.iteration import follow
from headway.api.lifecycle import Lifecycle
from headway.api.stage import Stage
from headway.api.unnamed_loops import UnnamedLoops
from headway.async_exceptions import reraise_async
from headway.errors import UnknownStage
from headway.model import Stage as StageModel
from headway.plain_values import NAME_LIMIT, clean_count, clean_text
from headway.reporting.reporter import reporter
from headway.states import COMPLETED, PENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator, TypeVar

    from headway.api.numbered_steps import NumberedSteps
    from headway.api.scope import Scope
    from headway.model import Operation as Model
    from headway.reporting.reporter import Reporter

    Item = TypeVar("Item")


class Staged(Lifecycle):
    """An operation, as far as its stages.

    Stages of one name and one parent are twins: more than one where several run at once.
    """

    __slots__ = ("_names", "_reporter", "_steps", "_unnamed", "model")

    model: Model

    def __init__(self, own: Reporter, model: Model, around: Scope | None) -> None:
        super().__init__(around, block=True)
        self._reporter = own
        self.model = model
        self._names: dict[str | tuple[int, str], Stage] = {}  # (parent, name) → the first of them
        self._steps: NumberedSteps | None = None
        self._unnamed: UnnamedLoops | None = None

    @property
    def stages(self) -> list[Stage]:
        """Return all its stages, in the order of their announcement."""
        found = [twin for first in list(self._names.values()) for twin in _and_twins(first)]
        return sorted(found, key=lambda stage: stage.id)

    @property
    def exhausted(self) -> bool:
        """Return whether it has stages and all of them have completed."""
        stages = self.stages
        return bool(stages) and all(stage.state == COMPLETED for stage in stages)

    def plan(self, *names: str) -> None:
        """Announce stages to come, in this order, as pending: with those there are, all.

        A list of names is taken for the names in it.
        """
        for name in _flat(names):
            self.stage(name)._reserved_by = None
        self._announce(sum(stage.model.parent is None for stage in self.stages))

    def _announce(self, number: int) -> None:
        """Announce that it will have so many stages."""
        if self.foreign or self.model.planned == number:
            return
        with self._reporter.lock:
            self.model.planned = number
            if self.model.state != PENDING:
                self._changed()

    def steps(self, current: int, total: int | None = None, text: str | None = None) -> None:
        """Begin step `current` of `total`: the callback that installers' coordinators call.

        The step is a stage named `text`, and the one before it has completed. The same number
        again only says what the step is busy with. Of more than 50 steps one stage counts.
        Nothing raises, and nothing happens once the operation has ended.
        """
        if self._steps is None:
            try:
                from headway.api.numbered_steps import NumberedSteps  # noqa: PLC0415 - few need it
            except (ImportError, OSError) as error:  # no descriptor is left, or our files are gone
                reraise_async(error)
                return
            self._steps = NumberedSteps(self)
        self._steps.take(current, total, text)

    def stage(
        self,
        name: str,
        total: float | None = None,
        unit: str | None = None,
        parent: Stage | int | None = None,
        initial: float = 0,
    ) -> Stage:
        """Return the stage of that name, to be used as a context manager or started.

        The name of a planned stage returns it; that of an ended one returns it for another
        attempt; while one runs, another stage of the same name is made. `parent` is the stage
        that it is part of, or its id; `initial` says how many units are there already: they are
        done, and say nothing of the rate. Raise UnknownStage if this operation has no such parent.
        """
        around = None if parent is None else self._stage(parent)
        text = clean_text(name, NAME_LIMIT)
        own = reporter()
        if self.foreign:
            return self._in_child(text, total, unit, around)
        thread = threading.get_ident()
        with own.lock:
            own.tally.collect_left()  # a loop run again is the same stage
            last, stage = _first_free(self._first(text, around), thread)
            if stage is None:
                over = None if around is None else around.id
                text = own.names.intern(text)
                model = StageModel(next(own.stage_ids), text, over)
                stage = self._new_stage(model, around or self)
                if last is None:
                    self._names[text if over is None else (over, text)] = stage
                else:
                    last.twin = stage
                self.model.stages[model.id] = model
            stage._reserved_by = thread
            if total is not None:
                stage.model.total = clean_count(total)
            if unit is not None:
                stage.model.unit = clean_text(unit, NAME_LIMIT)
            stage._given = clean_count(initial) or 0
            if self.model.state != PENDING and stage.state == PENDING:
                own.publisher.changed(self.model, stage.model)
                own.wake()
            return stage

    def _first(self, name: str, around: Stage | None) -> Stage | None:
        """Return the first stage of that name under `around`, or None."""
        return self._names.get(name if around is None else (around.id, name))

    def _stage(self, stage: Stage | int) -> Stage:
        if isinstance(stage, Stage):
            found = stage if stage.operation.model is self.model else None
        else:
            wanted = clean_count(stage)
            found = next((known for known in self.stages if known.id == wanted), None)
        if found is None:
            raise UnknownStage(f"operation {self.name!r} has no stage {clean_text(stage)!r}")
        return found

    def _in_child(
        self, name: str, total: float | None, unit: str | None, around: Stage | None
    ) -> Stage:
        # A forked child counts in its parent's open stage of that name, or in one of its own.
        for stage in _and_twins(self._first(name, around)):
            if stage.open:
                return stage
        return self._of_its_own(name, total, unit, around or self)

    def track(
        self,
        items: Iterable[Item],
        name: str | None = None,
        total: float | None = None,
        unit: str | None = None,
        parent: Stage | int | None = None,
        initial: float = 0,
    ) -> Iterator[Item]:
        """Return an iterator over `items` as a stage of this operation; see `headway.track`."""
        name = None if name is None else clean_text(name, NAME_LIMIT)
        stage = self.stage(name or self.unnamed(), None, unit, parent, initial)
        return follow(stage, items, total)

    def unnamed(self) -> str:
        """Return the name of a loop that is given none: one for each line that makes such."""
        if self._unnamed is None:
            self._unnamed = UnnamedLoops()
        return self._unnamed.name()

    def stop_iterating(self) -> bool:
        """Let its `track` iterators raise `Cancelled` at the next item; return whether any does."""
        found = False
        for stage in self.stages:
            source = stage._source
            if source is not None and stage.open:
                source.stop()
                found = True
        return found

    if TYPE_CHECKING:  # what the operation defines

        def _new_stage(self, model: StageModel, around: Scope) -> Stage:
            """Return a stage of this operation."""
            ...

        def _of_its_own(
            self, name: str, total: float | None, unit: str | None, around: Scope
        ) -> Stage:
            """Return the only stage of an operation of this forked child's own, inside `around`."""
            ...


def _flat(names: Iterable[Any]) -> Iterator[Any]:
    """Yield the names, and those in lists of names."""
    for name in names:
        if isinstance(name, (list, tuple)):
            yield from name
        else:
            yield name


def _first_free(stage: Stage | None, thread: int) -> tuple[Stage | None, Stage | None]:
    """Return the last of the twins that `thread` cannot have, and the one after it, or None."""
    last: Stage | None = None
    while stage is not None and stage._is_taken(thread):
        last, stage = stage, stage.twin
    return last, stage


def _and_twins(stage: Stage | None) -> Iterator[Stage]:
    while stage is not None:
        yield stage
        stage = stage.twin
