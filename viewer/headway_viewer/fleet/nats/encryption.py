"""No name and password without TLS where it was asked for.

Pure. What a server tells first, in the clear, says whether TLS is next; the client library believes
it, also of a `tls://` server, and sends name and password to whoever says no. Absent: certificates.
"""

from __future__ import annotations

from typing import Any


class NotEncrypted(ConnectionError):
    """A server offers no TLS: it was told nothing."""


def demand(client: Any) -> None:
    """Let a client that is to connect take up TLS where it is offered; raise `NotEncrypted` else.

    A library that reads elsewhere what a server tells has no such method: that raises, too.
    """
    read = client._process_info
    first = True

    async def read_checked(info: dict[str, Any], *arguments: Any, **named: Any) -> None:
        nonlocal first
        if first:
            if info.get("tls_available"):  # it takes either
                info["tls_required"] = True
            if not info.get("tls_required"):
                raise NotEncrypted
            first = False
        await read(info, *arguments, **named)

    client._process_info = read_checked
