"""Tell the service manager that has started us how we are (sd_notify), where there is one."""

from __future__ import annotations

import socket
from typing import Mapping

VARIABLE = "NOTIFY_SOCKET"
SECONDS = 1.0  # for a manager that does not read


def tell(environ: Mapping[str, str], words: str) -> None:
    """Send assignments such as READY=1, a line each; nobody is told where nobody listens."""
    address = environ.get(VARIABLE, "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.settimeout(SECONDS)
            manager.sendto(words.encode(), address)
    except OSError:
        pass
