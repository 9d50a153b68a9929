"""The schedule: what the broker does by itself, in which order, and when it is due. Pure."""

from __future__ import annotations

from headway_broker.components import Components
from headway_broker.state.duties import Duty, Turn
from headway_broker.state.effects import Stop

# Frames a second among which counts are divided that no screen shows, where screens alone look at
# thousands of operations, so that none of these is late.
OTHERS_FRAMES = 25


def duties_of(components: Components) -> list[Duty]:
    """Return the duties of the broker, in the order in which they are done."""
    sessions = components.sessions.by_id
    return [
        Duty(
            "settle_deaths",
            lambda turn: components.endings.settle_deaths(turn.now, drained=turn.drained),
            lambda: components.liveness.deadline(any_session=bool(sessions)),
        ),
        Duty("detect_silence", lambda turn: components.liveness.look(sessions.values(), turn.now)),
        Duty(
            "give_up_requests",
            lambda turn: components.requests.tick(turn.now),
            components.requests.deadline,
        ),
        Duty("resync", lambda turn: components.resync.due(turn.now), components.resync.deadline),
        Duty(
            "detect_stops",
            lambda turn: components.stops.look(sessions.values(), turn.now),
            components.stops.deadline,
        ),
        Duty(
            "find_lock_holders",
            lambda turn: components.lock_holders.look(turn.now),
            components.lock_holders.deadline,
        ),
        Duty("apply_counts", lambda turn: _apply_counts(components, turn)),
        Duty(
            "show_overdue_ends",
            lambda turn: components.endings.show_overdue(turn.now),
            components.endings.deadline,
        ),
        Duty(
            "publish",
            lambda turn: components.stream.publish(turn.now),
            lambda: _publish_deadline(components),
        ),
        Duty("store", lambda turn: components.storage.round(turn.now), components.storage.deadline),
        Duty("acknowledge_shares", lambda turn: components.forked_counts.look(turn.now)),
        Duty(
            "expire", lambda turn: components.storage.expire(turn.now), components.ledger.deadline
        ),
        Duty(
            "keep_logs",
            lambda turn: components.output_logs.look(turn.now),
            components.output_logs.deadline,
        ),
        Duty(
            "tell_whether_watched",
            lambda _: components.watched.look(followed=components.subscriptions.followed),
        ),
        Duty(
            "exit_when_idle",
            lambda turn: _exit_when_idle(components, turn),
            components.idle_exit.deadline,
        ),
    ]


def _publish_deadline(components: Components) -> float | None:
    """Return when to publish next, merged counts and estimates that grew stale among it."""
    due = components.stream.deadline(counted=components.merged_counts.waiting)
    stale = components.forecasts.deadline(watched=components.subscriptions.followed)
    if stale is None:
        return due
    stale = max(stale, components.stream.next_frame())
    return stale if due is None else min(due, stale)


def _apply_counts(components: Components, turn: Turn) -> None:
    stream, counts = components.stream, components.merged_counts
    frame = stream.frame_due(turn.now)
    if components.overviews.due(turn.now) or (frame and not stream.is_crowded):
        counts.apply_all(turn.now)
    elif frame:
        for session, stages in components.screen.stages(turn.now).items():
            counts.apply_some(session, stages, turn.now)
        wait = components.screen.others_wait
        counts.apply_oldest(turn.now - wait, int(OTHERS_FRAMES * wait), turn.now)


def _exit_when_idle(components: Components, turn: Turn) -> list[Stop]:
    followed, sessions = components.subscriptions.followed, components.sessions.by_id.values()
    is_time = components.idle_exit.look(turn.now, followed=followed, sessions=sessions)
    return [Stop("nobody is here")] if is_time else []
