"""The status of the broker, as `headway broker status` prints it; pure."""

from __future__ import annotations

from typing import Any

from headway_broker.publishing.subscriptions import Subscriptions
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Sessions


def status(
    *,
    instance: str,
    uptime: float,
    ingest: dict[str, int],
    sessions: Sessions,
    ledger: Ledger,
    subscriptions: Subscriptions,
    sequence: int,
    dropped: Dropped,
) -> dict[str, Any]:
    """Return the status, ready for JSON: counters, without the facts of the process.

    `uptime` is in seconds, `sequence` the number of the last delta; `dropped` counts by reason.
    `listeners` are all that look at no screen: of events, and of states.
    """
    present = [session for session in sessions.by_id.values() if not session.gone]
    return {
        "instance": instance,
        "uptime": round(uptime, 3),
        "workers": sum(session.role == "worker" for session in present),
        "viewers": subscriptions.followers,
        "listeners": subscriptions.listeners + subscriptions.attendants,
        "operations": len(ledger.entries),
        "open": ledger.opened,
        "stages": ledger.stages,
        "ingest": ingest,
        "dropped": dict(dropped.counts),
        "sequence": sequence,
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """Return the status as lines of text."""
    ingest = facts.get("ingest", {})
    dropped = facts.get("dropped", {})
    rss = facts.get("rss")
    listeners = f"{facts.get('listeners', 0)} listeners"
    found = [
        f"broker      pid {facts.get('pid')}, version {facts.get('version')}",
        f"up          {facts.get('uptime', 0):.0f} s",
        f"endpoint    {facts.get('endpoint')}",
        f"connected   {facts.get('workers')} workers, {facts.get('viewers')} viewers, {listeners}",
        f"operations  {facts.get('operations')} ({facts.get('open')} open)",
        f"stages      {facts.get('stages')}",
        f"ingest      {ingest.get('messages')} messages, {ingest.get('updates')} updates",
        "memory      " + ("unknown" if rss is None else f"{rss / 1e6:.1f} MB"),
    ]
    unsent = facts.get("unsent") or {}
    if unsent.get("aside"):
        found.append(f"unsent      {unsent['aside']} files set aside: see unsent/ and broker.log")
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
    found.append(f"dropped     {reasons or 'nothing'}")
    return found
