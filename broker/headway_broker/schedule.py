"""The schedule: what the broker does by itself, in which order, and when it is due. Pure."""

from __future__ import annotations

from headway_broker.components import Parts
from headway_broker.state.duties import Duty, Turn
from headway_broker.state.effects import Stop


def duties_of(parts: Parts) -> list[Duty]:
    """Return the duties of the broker, in the order in which they are done."""
    sessions = parts.sessions.by_id
    return [
        Duty(
            "settle_deaths",
            lambda turn: parts.endings.settle_deaths(turn.now, drained=turn.drained),
            lambda: parts.liveness.deadline(any_session=bool(sessions)),
        ),
        Duty("notice_silence", lambda turn: parts.liveness.look(sessions.values(), turn.now)),
        Duty(
            "give_up_requests",
            lambda turn: parts.requests.tick(turn.now),
            parts.requests.deadline,
        ),
        Duty("resync", lambda turn: parts.resync.due(turn.now), parts.resync.deadline),
        Duty(
            "notice_stops",
            lambda turn: parts.stops.look(sessions.values(), turn.now),
            parts.stops.deadline,
        ),
        Duty(
            "find_lock_holders",
            lambda turn: parts.lock_holders.look(turn.now),
            parts.lock_holders.deadline,
        ),
        Duty("apply_counts", lambda turn: _apply_counts(parts, turn)),
        Duty(
            "show_overdue_ends",
            lambda turn: parts.endings.show_overdue(turn.now),
            parts.endings.deadline,
        ),
        Duty(
            "publish", lambda turn: parts.stream.publish(turn.now), lambda: _publish_deadline(parts)
        ),
        Duty("store", lambda turn: parts.storage.round(turn.now), parts.storage.deadline),
        Duty("acknowledge_shares", lambda turn: parts.forked_counts.look(turn.now)),
        Duty("expire", lambda turn: parts.storage.expire(turn.now), parts.ledger.deadline),
        Duty(
            "keep_logs",
            lambda turn: parts.output_logs.look(turn.now),
            parts.output_logs.deadline,
        ),
        Duty(
            "tell_whether_watched",
            lambda _: parts.watched.look(followed=parts.subscriptions.followed),
        ),
        Duty("exit_when_idle", lambda turn: _exit_when_idle(parts, turn), parts.idle_exit.deadline),
    ]


def _publish_deadline(parts: Parts) -> float | None:
    """Return when to publish next, merged counts and estimates that grew stale among it."""
    due = parts.stream.deadline(counted=parts.merged_counts.waiting)
    stale = parts.forecasts.deadline(watched=parts.subscriptions.followed)
    if stale is None:
        return due
    stale = max(stale, parts.stream.next_frame())
    return stale if due is None else min(due, stale)


def _apply_counts(parts: Parts, turn: Turn) -> None:
    if parts.stream.frame_due(turn.now):
        parts.merged_counts.settle_all(turn.now)


def _exit_when_idle(parts: Parts, turn: Turn) -> list[Stop]:
    followed, sessions = parts.subscriptions.followed, parts.sessions.by_id.values()
    is_time = parts.idle_exit.look(turn.now, followed=followed, sessions=sessions)
    return [Stop("nobody is here")] if is_time else []
