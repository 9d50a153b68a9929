"""Hand-built operations and a replica that holds them, for tests of what is drawn."""

from __future__ import annotations

from headway.model import Operation, Stage
from headway.protocol.messages import Snapshot
from headway.protocol.rows import (
    OperationFigures,
    OperationRecord,
    OperationRow,
    StageRecord,
    encode,
    stage_figures_of,
)
from headway.protocol.wire import unpack
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica

NOW = 1000.0
WALL = 1_700_000_000.0
INSTANCE = "broker-1"


def row(operation, *, whole=True):
    """An operation as a row of `Snapshot.operations`, as it comes off the wire."""
    stages = operation.stages.values()
    made = OperationRow(
        operation.id,
        OperationRecord.of(operation) if whole else None,
        [StageRecord.of(stage) for stage in stages],
        {},
        OperationFigures.of(operation, tail=True),
        {stage.id: stage_figures_of(stage) for stage in stages},
        {stage.id: stage.shares for stage in stages if stage.shares},
    )
    return unpack(encode(made))


def snapshot(operations, *, sequence=1, instance=INSTANCE, part=0, parts=1, now=NOW):
    return Snapshot(
        instance, sequence, now, WALL + now - NOW, part, parts, [row(op) for op in operations]
    )


def replica_of(*operations, now=NOW):
    """A replica whose local clock is the broker's."""
    replica = Replica()
    replica.fold(snapshot(operations, now=now), now)
    return replica


def board_of(*operations, now=NOW):
    replica = replica_of(*operations, now=now)
    board = Board(replica)
    board.absorb(replica.take(), now)
    return board


def operation(identity, name, state="running", *, started=-60.0, ended=None, **fields):
    """An operation; times are relative to NOW."""
    made = Operation(identity, name)
    made.state = state
    made.started = None if started is None else NOW + started
    made.ended = None if ended is None else NOW + ended
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def stage(operation, name, state="running", *, started=-30.0, ended=None, **fields):
    """A stage added to `operation`; times are relative to NOW."""
    made = Stage(len(operation.stages) + 1, name)
    made.state = state
    made.started = None if started is None else NOW + started
    made.ended = None if ended is None else NOW + ended
    for field, value in fields.items():
        setattr(made, field, value)
    operation.stages[made.id] = made
    return made


def about(seconds, *, wide=False):
    """An estimate of about so many seconds."""
    spread = 2.0 if wide else 1.1
    return (seconds / spread, seconds, seconds * spread, "history", 3)


def installers():
    """Three installers and a failure, as in a terminal on an ordinary day."""
    npm = operation("7f3aaaaaaaaa", "npm install", "failed", started=-60.0, ended=-22.0)
    npm.exit_status = 1
    stage(npm, "Resolve", "completed", started=-60, ended=-50)
    stage(npm, "Fetch", "failed", started=-50, ended=-22)
    npm.tail = ["npm ERR! 404 Not Found - GET https://registry.example/lft-pad"]
    apt = operation("2c9aaaaaaaaa", "apt install postgresql", progress=0.54, planned=5)
    apt.estimate = about(60)
    stage(apt, "Update", "completed", started=-60, ended=-55)
    stage(apt, "Download", "completed", started=-55, ended=-40)
    stage(apt, "Unpack", done=21, total=38, detail="postgresql-15")
    stage(apt, "Configure", "pending", started=None)
    stage(apt, "Triggers", "pending", started=None)
    pip = operation("9abaaaaaaaaa", "pip install -r requirements.txt", progress=0.28)
    pip.estimate = about(120, wide=True)
    stage(pip, "Collect", "completed", started=-60, ended=-50)
    stage(pip, "Download", done=52_100_000, total=168_000_000, unit="B")
    stage(pip, "Build", "pending", started=None)
    stage(pip, "Install", "pending", started=None)
    nginx = operation("e01aaaaaaaaa", "apt install nginx", "waiting", started=-42.0)
    nginx.reason = "for the dpkg lock"
    nginx.estimate = about(60)
    stage(nginx, "Lock", "waiting", started=-42, reason="held by 2c9 apt install postgresql")
    build = operation("b11aaaaaaaaa", "build.py: Compile")
    build.progress = 0.4
    build.estimate = about(14)
    stage(build, "Compile", done=480, total=1200, started=-9.2)
    return [npm, apt, pip, nginx, build]
