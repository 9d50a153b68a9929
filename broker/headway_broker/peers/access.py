"""Access control by peer credentials: the broker serves its own user and root; pure."""

from __future__ import annotations

from headway_broker.state.sessions import Credentials


def credentials(address: str | None) -> Credentials:
    """Return the credentials in libzmq's `Peer-Address`: "localhost:UID:GID:PID" on Linux.

    libzmq reads them from the kernel (SO_PEERCRED) for ipc:// connections. Other systems give
    less (macOS ":UID:GID:"), or nothing.
    """
    numbers = (address or "").split(":")[1:]
    uid = _number(numbers[0]) if numbers else None
    pid = _number(numbers[2]) if len(numbers) > 2 else None
    return Credentials(uid, pid)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def admitted(peer: Credentials, own: int) -> bool:
    """Return whether `peer` may connect to the broker of user `own`.

    Where the kernel gives no uid, the permissions of the runtime directory (0700) decide.
    """
    return peer.uid in (own, 0, None)
