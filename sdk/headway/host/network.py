"""Sockets to a broker on a network: encrypted with CURVE, by a key of this user, or not at all.

Absent: where keys are (`files.key_files`), and what `HEADWAY_ENDPOINT` names (`protocol.endpoint`).
"""

from __future__ import annotations

import os

import zmq

from headway.host.files import first_environment, key_files
from headway.protocol.endpoint import FOLLOW, NETWORK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOCAL = "ipc://"  # how the endpoint of a Unix socket begins
# Seconds to connect and to shake hands: a broker that is there answers within its next turn.
CONNECT_TIMEOUT = 5.0
# Milliseconds between heartbeats of ZeroMQ, and without any until a connection counts as cut: TCP
# alone takes a quarter of an hour to notice a cable that was pulled.
HEARTBEAT_IVL = 2_000
HEARTBEAT_TIMEOUT = 6_000
# What a socket is told where the other side does not take its key, or is none with that key.
REFUSALS = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)


def is_network(address: str) -> bool:
    """Return whether an endpoint is on a network."""
    return address.startswith(NETWORK)


def secure(sock: Any, address: str, roles: tuple[str, ...]) -> None:
    """Prepare a socket that is to connect to `address`; nothing where that is on this machine.

    Raise `key_files.NoKey`: such a socket must not be connected.
    """
    if not is_network(address):
        return
    pair = key_files.find(first_environment.environ(), os.getuid(), roles)
    for option, value in (
        (zmq.CURVE_SERVERKEY, pair.broker),
        (zmq.CURVE_PUBLICKEY, pair.public),
        (zmq.CURVE_SECRETKEY, pair.secret),
        (zmq.CONNECT_TIMEOUT, int(CONNECT_TIMEOUT * 1000)),
        (zmq.HANDSHAKE_IVL, int(CONNECT_TIMEOUT * 1000)),
        (zmq.HEARTBEAT_IVL, HEARTBEAT_IVL),
        (zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT),
        (zmq.IPV6, 1),
    ):
        sock.setsockopt(option, value)


def refusal(event: int) -> str:
    """Return what a failed handshake means, for a person."""
    if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return "the broker does not let this key in: `headway keys list` there tells who may"
    return "the handshake failed: another broker may answer there than the key is for"


def follow_address(told: str, address: str) -> str:
    """Return where to follow a broker that was reached at `address`, from what its Welcome tells.

    A broker on a network tells a port: under which name it is reached it does not know. Nor does
    one whose sockets ssh forwards, or another file system shows: the one beside its own is it.
    """
    if not is_network(address):
        beside = os.path.join(os.path.dirname(address[len(LOCAL) :]), FOLLOW)
        return LOCAL + beside if address.startswith(LOCAL) and os.path.exists(beside) else told
    host = address[len(NETWORK) :].rpartition(":")[0]
    return f"{NETWORK}{host}:{told.rpartition(':')[2]}"
