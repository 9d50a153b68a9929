"""`headway web`: show the operations in a browser."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import webbrowser
from typing import Sequence

from headway_viewer.commands.exit_status import USAGE
from headway_viewer.commands.options import (
    LABEL_HELP,
    label,
    make_parser,
    port,
    print_error,
    print_lines,
)
from headway_viewer.fleet.options import add_fleet, fleet_source
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.web.access import LOOPBACK, Site

MISSING = 1
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - told, not listened at
INSECURE = (
    "without TLS: whoever is on the network between can read names, states and errors, and, with "
    "the token that they read, look and cancel as you can"
)
_EXTRA = ("starlette", "uvicorn", "anyio", "segno")


def main(argv: Sequence[str]) -> int:
    """Run `headway web ARGV…` until Ctrl+C; return the exit status."""
    parser = make_parser(
        "web",
        "Show the operations in a browser, on this machine alone. The first line of output is the\n"
        "URL, with a token without which nothing is shown; Ctrl+C ends it.\n"
        "It needs pip install '.[web]' in Headway's folder.",
        "headway web\nheadway web --port 8080 --no-open\n"
        "headway web --fleet nats://nats.example.org\n"
        "headway web --listen 0.0.0.0 --certificate cert.pem --key key.pem",
    )
    parser.add_argument("--port", type=port, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument("--listen", metavar="A", default="127.0.0.1", help="an address")
    parser.add_argument("--certificate", metavar="FILE", help="of TLS, beyond this machine")
    parser.add_argument("--key", metavar="FILE", help="of the certificate")
    parser.add_argument("--insecure", action="store_true", help="beyond this machine without TLS")
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    parser.add_argument(
        "--by",
        metavar="KEY",
        help="a line for each host, where KEY is host, or for each value of that label, until one"
        " is chosen; thousands of several hosts by host, unasked",
    )
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    if bool(arguments.certificate) != bool(arguments.key):
        parser.error("--certificate and --key go together")
    local = arguments.listen in ("127.0.0.1", "localhost", "::1")
    if not local and not arguments.certificate and not arguments.insecure:
        parser.error(
            f"--listen {arguments.listen} is seen by the network: give --certificate and --key, "
            "or --insecure, with which anybody on the way reads names, states and errors"
        )
    try:
        fleet = fleet_source(arguments)
    except NotUsable as error:
        return print_error("web", str(error), USAGE)
    try:
        import uvicorn  # noqa: PLC0415 - an extra

        from headway_viewer.web.app import make_app  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        return print_error(
            "web", f"{error.name} is not installed: pip install '.[web]' in Headway's folder", 1
        )
    try:
        listening = _listen(arguments.listen, arguments.port)
    except OSError as error:
        where = f"{arguments.listen} port {arguments.port}"
        return print_error("web", f"cannot listen at {where}: {error.strerror}", MISSING)
    encrypted = bool(arguments.certificate)
    site = Site(
        "https" if encrypted else "http",
        LOOPBACK if local else _names(arguments.listen, certified=encrypted),
        listening.getsockname()[1],
        secrets.token_urlsafe(24),
        everywhere=arguments.listen in EVERYWHERE,
    )
    print_lines([site.url])
    if not local and not encrypted:
        print_error("web", INSECURE, 0)
    if not local and sys.stdout.isatty():
        _print_qr_code(site.url)
    config = uvicorn.Config(
        make_app(site, fleet, arguments.label or (), arguments.by),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=arguments.certificate,
        ssl_keyfile=arguments.key,
    )
    if not arguments.no_open and _has_browser():
        webbrowser.open(site.url)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # how it is ended
    return 0


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def _names(address: str, *, certified: bool = False) -> tuple[str, ...]:
    """Return the names by which browsers know a machine that listens at `address`.

    The first is that of the URL: a phone knows no names of a network, a certificate has one.
    """
    if address in EVERYWHERE:
        own = socket.gethostname()
        names = (own, f"{own}.local", *_addresses(own), *LOOPBACK)
        outward = None if certified else _outward_address(address)
        return names if outward is None else tuple(dict.fromkeys((outward, *names)))
    return (f"[{address}]" if ":" in address else address,)


def _outward_address(listening: str) -> str | None:
    """Return the address by which this machine reaches others, or None; nothing is sent."""
    family, far = (
        (socket.AF_INET6, "2001:db8::1") if ":" in listening else (socket.AF_INET, "192.0.2.1")
    )
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((far, 9))
            found = str(asked.getsockname()[0])
    except OSError:
        return None
    return f"[{found}]" if ":" in found else found


def _addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    names = [f"[{info[4][0]}]" if ":" in str(info[4][0]) else str(info[4][0]) for info in found]
    return list(dict.fromkeys(names))


def _has_browser() -> bool:
    """Return whether a browser would be opened on this person's screen."""
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ


def _print_qr_code(url: str) -> None:
    try:
        import segno  # noqa: PLC0415 - part of the extra
    except ModuleNotFoundError:
        return
    segno.make(url, error="l").terminal(compact=True)
