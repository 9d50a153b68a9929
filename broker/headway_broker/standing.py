"""What the broker knows of itself, as `headway broker status` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headway_broker.core import Core


def standing(core: Core, now: float) -> dict[str, Any]:
    """The facts, ready for JSON; `dropped` counts by reason."""
    present = [session for session in core.sessions.by_id.values() if not session.gone]
    return {
        **core.facts(),
        "instance": core.instance,
        "uptime": round(now - core.started, 3),
        "workers": sum(session.role == "worker" for session in present),
        "viewers": core.publishing.followers,
        "operations": len(core.ledger.entries),
        "open": core.ledger.opened,
        "stages": core.ledger.stages,
        "ingest": {"messages": core.messages, "updates": core.updates},
        "dropped": dict(core.dropped.counts),
        "sequence": core.publishing.sequence,
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """The lines that tell a person what `status` found."""
    ingest = facts.get("ingest", {})
    dropped = facts.get("dropped", {})
    rss = facts.get("rss")
    found = [
        f"broker      pid {facts.get('pid')}, version {facts.get('version')}",
        f"up          {facts.get('uptime', 0):.0f} s",
        f"endpoint    {facts.get('endpoint')}",
        f"connected   {facts.get('workers')} workers, {facts.get('viewers')} viewers",
        f"operations  {facts.get('operations')} ({facts.get('open')} open)",
        f"stages      {facts.get('stages')}",
        f"ingest      {ingest.get('messages')} messages, {ingest.get('updates')} updates",
        "memory      " + ("unknown" if rss is None else f"{rss / 1e6:.1f} MB"),
    ]
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
    found.append(f"dropped     {reasons or 'nothing'}")
    return found
