"""When a client asks a broker to retire, and in which words. Pure.

It asks an older one, so that its own version is started, and one that is worse off than the next
would be: one that may write no file stores nothing, a service stops all that it has started, and a
nice value slows every later program. An order without ties decides, so that two clients never take
turns in replacing each other's broker.
"""

from __future__ import annotations

from headway.protocol.messages import MAJOR, MINOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, NamedTuple

    from headway.protocol.messages import Refuse, Welcome
else:
    from headway.light_typing import NamedTuple


# In the request to retire and in what a Welcome tells of the broker: that it, or the one that is to
# come, listens on a network, which no broker does that a client starts.
LISTENS = "listens"
# The same of a broker that stays, as a service manager keeps it. One of a later version makes no
# room for it: each later program would ask it to retire in turn.
STAYS = "stays"


class Surroundings(NamedTuple):
    """Where a broker runs: in which service, if it is stopped with one, how nice, how limited.

    `limits` are how many limits, of its files or memory for instance, it cannot lift.
    """

    service: str | None
    nice: int
    limits: int = 0


def surroundings_of(about: Mapping[str, Any]) -> Surroundings | None:
    """Return the surroundings that a peer tells, or None where it tells none."""
    service, nice = about.get("service"), about.get("nice")
    if type(nice) is not int or not (service is None or type(service) is str):
        return None
    limits = about.get("limits")  # of no older peer
    return Surroundings(service, nice, limits if type(limits) is int else 0)


def is_worse(theirs: Surroundings, mine: Surroundings) -> bool:
    """Return whether a broker in `theirs` is worse off than one in `mine` would be."""
    return _order(theirs) > _order(mine)


def _order(place: Surroundings) -> tuple[int, bool, int]:
    return place.limits, place.service is not None, place.nice


def request(welcome: Welcome, mine: Surroundings | None) -> dict[str, Any] | None:
    """Return the arguments of the request to retire for this broker, or None: it may stay.

    `mine` is where a broker would run that this client starts.
    """
    theirs = surroundings_of(welcome.about)
    worse = mine is not None and theirs is not None and is_worse(theirs, mine)
    older = (welcome.major, welcome.minor) < (MAJOR, MINOR)
    return words(mine) if older or worse else None


def words(mine: Surroundings | None) -> dict[str, Any]:
    """Return the arguments of a request to retire; older brokers ignore what they do not know."""
    told = {} if mine is None else mine._asdict()
    return {"major": MAJOR, "minor": MINOR, **told}


def majors_of(refusal: Refuse) -> list[int]:
    """Return the versions that a broker speaks which has refused ours, or none."""
    told = refusal.details.get("majors") if refusal.reason == "version" else None
    return [major for major in told if type(major) is int] if isinstance(told, list) else []


def older_major(refusal: Refuse) -> int | None:
    """Return the version in which an older broker can be asked to retire, or None."""
    newest = max(majors_of(refusal), default=MAJOR)
    return newest if newest < MAJOR else None


def mismatch(refusal: Refuse) -> str:
    """Return what a person is told where broker and client have no version in common."""
    known = majors_of(refusal)
    if not known:
        return "it speaks another version of the protocol"
    theirs = max(known)
    advice = (
        "a newer headway is needed here"
        if theirs > MAJOR
        else "`headway broker stop` ends it, and the next program starts a newer one"
    )
    return f"it speaks version {theirs} of the protocol, and this is {MAJOR}: {advice}"
