"""The events that a parser emits about a command; no parsing and no reporting here.

A parser turns lines into these; `headway.run.progress.operation_updater` applies them to an
operation. Stages are named: the same name again is the same stage.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Protocol, Union
else:  # `typing` makes each of these classes by compiling a text
    from headway.light_typing import NamedTuple

    Protocol = object

OUTPUT = "output"  # a line of what the command printed
DRAWN = "drawn"  # such a line that is drawn over by the next, as a progress bar is
STATUS = "status"  # a line of the descriptor that a machine form opened


class StageStarted(NamedTuple):
    """A stage begins (or begins again); `parent` is the name of the stage it is part of."""

    name: str
    total: float | None = None
    unit: str | None = None
    parent: str | None = None


class ToolStarted(NamedTuple):
    """A tool below the command begins: a stage in which the stages of its parser stand."""

    name: str


class StageMoved(NamedTuple):
    """Absolute counts of a stage, in its unit; None leaves a value as it is."""

    name: str
    done: float | None = None
    total: float | None = None
    detail: str | None = None
    unit: str | None = None


class Planned(NamedTuple):
    """The outermost stages that come, in this order, with totals where they are known."""

    stages: tuple[StageStarted, ...]


class Untold(NamedTuple):
    """Stages come that nobody has told of: those that are known are not the whole."""


class Withdrawn(NamedTuple):
    """The counts of a stage are unknown again: what they were read from has been refuted."""

    name: str


class StageEnded(NamedTuple):
    """A stage has ended: `completed`, `failed` or `skipped`."""

    name: str
    state: str = "completed"
    reason: str | None = None


class Waiting(NamedTuple):
    """The command waits for `reason` (such as "the dpkg lock") until its next event."""

    reason: str


class NeedsInput(NamedTuple):
    """The command waits for a person to answer `reason` until its next event."""

    reason: str


class Detail(NamedTuple):
    """What the command is busy with; shown on the running stage."""

    text: str


class Cancellable(NamedTuple):
    """Whether the command may be stopped from now on without leaving an inconsistent state."""

    allowed: bool


class Failed(NamedTuple):
    """The best line about a failure; it counts only if the command's exit status is not 0."""

    text: str


EVENTS: tuple[type, ...] = (
    StageStarted,
    ToolStarted,
    StageMoved,
    Planned,
    Untold,
    Withdrawn,
    StageEnded,
    Waiting,
    NeedsInput,
    Detail,
    Cancellable,
    Failed,
)
if TYPE_CHECKING:
    Event = Union[
        StageStarted,
        ToolStarted,
        StageMoved,
        Planned,
        Untold,
        Withdrawn,
        StageEnded,
        Waiting,
        NeedsInput,
        Detail,
        Cancellable,
        Failed,
    ]
else:
    Event = object  # for annotations


class Parser(Protocol):
    """A pure state machine from the lines of one command to events.

    Lines come decoded, without escape sequences and line ends, and bounded; where the command
    prints faster than its parser reads, some are left out.
    """

    def feed(self, line: str, source: str) -> list[Event]:
        """Take one line from `OUTPUT`, `DRAWN` or `STATUS`; return its events."""
        raise NotImplementedError

    def finish(self, exit_status: int) -> list[Event]:
        """Take the exit status; return the events that end the open stages."""
        raise NotImplementedError
