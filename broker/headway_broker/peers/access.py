"""Who may talk to the broker: its own user and root, as the kernel names them."""

from __future__ import annotations

from headway_broker.state.sessions import Credentials


def credentials(address: str | None) -> Credentials:
    """What libzmq's `Peer-Address` says of a local connection: "localhost:UID:GID:PID".

    Other systems say less (macOS ":UID:GID:"), or nothing.
    """
    numbers = (address or "").split(":")[1:]
    uid = _number(numbers[0]) if numbers else None
    pid = _number(numbers[2]) if len(numbers) > 2 else None
    return Credentials(uid, pid)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def admitted(peer: Credentials, own: int) -> bool:
    """Whether `peer` may talk to the broker of user `own`.

    Where the kernel names nobody, the private directory has let only that user in.
    """
    return peer.uid in (own, 0, None)
