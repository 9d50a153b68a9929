"""What went wrong between here and the NATS server, in words that say what to do. Pure."""

from __future__ import annotations

import re

from headway_viewer.fleet.nats.encryption import NotEncrypted
from headway_viewer.fleet.nats.jetstream import STREAM, ServerError

# What a subject has for a byte that a token cannot have: the client library tells it in lower case.
_ESCAPE = re.compile(r"_[0-9a-f]{2}")


def connecting(error: BaseException, server: str) -> str:
    """Return why there is no connection to `server`."""
    if isinstance(error, NotEncrypted):
        return (
            f"{server} offers no TLS, which tls:// and --tls-ca ask for: nothing was sent to it;"
            " give it a certificate, or write nats://"
        )
    words = str(error) or type(error).__name__
    lower = words.lower()
    if "authorization violation" in lower or "authentication" in lower:
        return (
            f"{server} refuses these credentials: look at the name and password in the URL,"
            " or at --creds"
        )
    if isinstance(error, ConnectionResetError):  # it may be gone before its refusal was read
        return (
            f"{server} closed the connection: it refuses these credentials, or is no NATS server:"
            " look at the name and password in the URL, or at --creds"
        )
    if "expired" in lower and "credential" in lower:
        return f"{server} says that these credentials have expired: get new ones"
    if "certificate" in lower or "ssl" in lower or "tls" in lower:
        return f"no TLS with {server}: {words[:160]}; --tls-ca names the authority that it trusts"
    if isinstance(error, ConnectionRefusedError) or "connect call failed" in lower:
        return f"nothing listens at {server}: is nats-server running there?"
    if "name or service not known" in lower or "nodename" in lower or "resolution" in lower:
        return f"there is no host of that name: {server}"
    if "timeout" in lower or "timed out" in lower or "no servers available" in lower:
        return f"{server} does not answer: is it the right address, and is there a firewall?"
    return f"cannot connect to {server}: {words[:200]}"


def preparing(error: BaseException, server: str, denied: str | None, *, creates: bool) -> str:
    """Return why the stream at `server` cannot be used; `denied` is a refusal heard meanwhile."""
    if denied is not None:
        what = f"may not ask for or make its stream {STREAM}" if creates else "may not read it"
        return f"this user of {server} {what}: {denied}; see docs/fleet.md for the permissions"
    if isinstance(error, ServerError):
        if error.is_missing:
            return (
                f"{server} has no stream {STREAM}: `headway uplink` makes it,"
                " as a user that may, on any host"
            )
        if error.is_full:
            return f"{server} has no room for its stream {STREAM}: {error}; give JetStream more"
        return f"{server} does not let its stream {STREAM} be used: {error}"
    words = str(error) or type(error).__name__
    if "no responders" in words.lower() or type(error).__name__ == "NoRespondersError":
        return (
            f"{server} has no JetStream: start nats-server with -js, or `jetstream {{}}`;"
            " of a leaf node, --domain names that of its hub"
        )
    return f"{server} does not answer for its stream {STREAM}: {words[:160]}"


def storing(error: BaseException, server: str, denied: str | None) -> str:
    """Return why the end of an operation was not stored; it is sent again."""
    if denied is not None:
        return f"this user of {server} may not publish: {denied}; see docs/fleet.md"
    if isinstance(error, ServerError):
        if error.is_full:
            return (
                f"the stream {STREAM} of {server} is full and takes no ends: {error};"
                " give it more, or `discard: old`"
            )
        return f"{server} does not store an end: {error}"
    words = str(error) or type(error).__name__
    if "no responders" in words.lower() or type(error).__name__ == "NoRespondersError":
        return f"{server} has no stream {STREAM} any more"
    return f"{server} does not acknowledge an end: {words[:160]}"


def denial(words: str) -> str:
    """Return what a server's permissions refuse, as the client library tells it: in lower case."""
    told = words.replace("nats: ", "", 1).strip("'")
    start, quote, subject = told.partition('"')
    return start + quote + _as_sent(subject)


def _as_sent(subject: str) -> str:
    """Return a subject with capitals where those of Headway and JetStream have them."""
    tokens = _ESCAPE.sub(lambda found: found[0].upper(), subject).split(".")
    first = tokens[0]
    if first == "$js":
        bare = [token.strip('"') for token in tokens]
        end = bare.index(STREAM.lower()) + 1 if STREAM.lower() in bare else 1
        tokens[:end] = [token.upper() for token in tokens[:end]]
    elif first == "_inbox":
        tokens[0] = first.upper()
    return ".".join(tokens)
