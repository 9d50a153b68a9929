"""Where the NATS server of a fleet is, and as whom to speak to it.

A password in a URL stands in the list of processes: `HEADWAY_FLEET` may have the URL, and files
the credentials. Nothing that is printed has them.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
from typing import Any, Mapping, NamedTuple, Sequence
from urllib.parse import urlsplit

VARIABLE = "HEADWAY_FLEET"
SCHEMES = ("nats", "tls")
DEFAULT_PORT = 4222
FILES = ("--creds", "--tls-ca", "--tls-cert", "--tls-key")  # options that name one
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+")
HELP = "the NATS server, nats://HOST or tls://HOST; several of a cluster with commas"


class Access(NamedTuple):
    """The servers of one cluster, and the files of what they are to believe."""

    urls: tuple[str, ...]
    credentials: str | None = None
    authority: str | None = None
    certificate: str | None = None
    key: str | None = None
    domain: str | None = None  # of JetStream

    @property
    def shown(self) -> str:
        """Return the servers without names and passwords."""
        return ",".join(map(shown_url, self.urls))

    def is_encrypted(self, url: str) -> bool:
        """Return whether a server is to be spoken to by TLS alone."""
        return bool(url.startswith("tls:") or self.authority or self.certificate)

    def user(self, url: str) -> str | None:
        """Return whom a server knows this by: the name in its URL, or the key in `credentials`.

        What stands alone before the host is no name but a token, which is as good as a password.
        """
        if self.credentials is None:
            parts = urlsplit(url)
            return None if parts.password is None else parts.username
        try:
            with open(self.credentials, encoding="ascii", errors="replace") as file:
                return subject_of(file.read())
        except OSError:
            return None


class NotUsable(ValueError):
    """A server cannot be spoken to as asked for; the text says why."""


def parse_url(text: str) -> str:
    """Parse the URLs of servers. Raise `argparse.ArgumentTypeError`."""
    for url in text.split(","):
        try:
            parts = urlsplit(url)
            usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            words = shown_url(url)
            raise argparse.ArgumentTypeError(f"{words!r} is no nats://HOST or tls://HOST")
    return text


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say as whom to speak to the server."""
    group = parser.add_argument_group("the NATS server")
    group.add_argument("--creds", metavar="FILE", help="credentials: a user's JWT and seed")
    group.add_argument("--tls-ca", metavar="FILE", help="the authority that signs its certificate")
    group.add_argument("--tls-cert", metavar="FILE", help="a certificate of your own, and")
    group.add_argument("--tls-key", metavar="FILE", help="its key")
    group.add_argument(
        "--domain", metavar="NAME", help="the JetStream domain of its hub, where it is a leaf node"
    )


def access_of(url: str, arguments: argparse.Namespace) -> Access:
    """Return the access that the options tell. Raise `NotUsable`."""
    for name in ("creds", "tls_ca", "tls_cert", "tls_key"):
        path = getattr(arguments, name)
        if path is not None and not os.access(path, os.R_OK):
            raise NotUsable(f"cannot read {path}, which --{name.replace('_', '-')} names")
    if (arguments.tls_cert is None) != (arguments.tls_key is None):
        raise NotUsable("--tls-cert and --tls-key go together")
    if arguments.domain is not None and not _DOMAIN.fullmatch(arguments.domain):
        raise NotUsable(f"--domain {arguments.domain[:40]!r} is no name of a domain")
    return Access(
        tuple(url.split(",")),
        arguments.creds,
        arguments.tls_ca,
        arguments.tls_cert,
        arguments.tls_key,
        arguments.domain,
    )


def from_anywhere(argv: Sequence[str]) -> list[str]:
    """Return arguments that name the same files in whatever directory they are read."""
    made: list[str] = []
    for word in argv:
        name, equals, path = word.partition("=")
        if made and made[-1] in FILES:
            made.append(os.path.abspath(word))
        elif equals and name in FILES:
            made.append(f"{name}={os.path.abspath(path)}")
        else:
            made.append(word)
    return made


def subject_of(credentials: str) -> str | None:
    """Return the public key that a file of credentials is of: the subject of its JWT."""
    parts = credentials.partition("-----BEGIN NATS USER JWT-----")[2].split("-----")[0].strip()
    try:
        payload = parts.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None
    found = claims.get("sub") if isinstance(claims, dict) else None
    return found if isinstance(found, str) and found.isalnum() else None


def default_url(environ: Mapping[str, str]) -> str | None:
    """Return the servers that the environment names, or None."""
    return environ.get(VARIABLE) or None


def client_library() -> Any:
    """Return the client library. Raise `NotUsable` where it is not installed."""
    try:
        import nats  # noqa: PLC0415 - an extra, and half a second of imports
    except ImportError:
        raise NotUsable("it needs nats-py: pip install '.[fleet]' in Headway's folder") from None
    return nats


def shown_url(url: str) -> str:
    """Return the URL of a server without name and password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = "" if parts.port in (None, DEFAULT_PORT) else f":{parts.port}"
    except ValueError:
        return "that URL"
    return f"{parts.scheme}://{host}{port}"
