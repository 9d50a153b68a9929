"""Who may talk to the broker: its own user and root, as the kernel names them."""

from __future__ import annotations

from headway_broker.sessions import Credentials


def credentials(address: str | None) -> Credentials:
    """What libzmq's `Peer-Address` says of a local connection: "localhost:UID:GID:PID".

    Other systems say less, or nothing.
    """
    if not address:
        return Credentials(None, None)
    numbers = address.split(":")[1:]
    try:
        uid = int(numbers[0]) if numbers else None
        pid = int(numbers[2]) if len(numbers) > 2 else None
    except ValueError:
        return Credentials(None, None)
    return Credentials(uid, pid)


def admitted(peer: Credentials, own: int) -> bool:
    """Whether `peer` may talk to the broker of user `own`.

    Where the kernel names nobody, the private directory has let only that user in.
    """
    return peer.uid in (own, 0, None)
