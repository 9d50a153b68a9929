"""Who may see the page: a token, and requests that no other page has sent.

Pure. The URL that is printed has the token; the first request turns it into a cookie that scripts
cannot read, so that it stands in no history and no referrer. A page of somebody else can send
requests here, too (DNS rebinding, a form): `Host` and `Origin` tell.
"""

from __future__ import annotations

import re
from hmac import compare_digest
from typing import Mapping, NamedTuple

# No DNS server of somebody else leads from an address here, as it can from a name.
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Site(NamedTuple):
    """Where the page is served: `hosts` are the names that a browser may know it by.

    With `everywhere`, so are all addresses: it listens at each that its machine has.
    """

    scheme: str
    hosts: tuple[str, ...]
    port: int
    token: str
    everywhere: bool = False

    @property
    def cookie(self) -> str:
        """Return the name of the cookie: browsers do not tell ports apart."""
        return f"headway-{self.port}"

    @property
    def url(self) -> str:
        """Return the URL that is printed, with the token."""
        return f"{self.scheme}://{self.hosts[0]}:{self.port}/?token={self.token}"


def refusal(
    site: Site, headers: Mapping[str, str], cookies: Mapping[str, str], *, changes: bool
) -> tuple[int, str] | None:
    """Return the status and the text that a request is refused with, or None.

    `changes` tells that it asks for more than to look: then its `Origin` has to be ours.
    """
    wrong = wrong_place(site, headers)
    if wrong is not None:
        return wrong
    if changes and headers.get("origin") is None:
        return 403, "Only the page itself may ask for that."
    if not is_token(site, cookies.get(site.cookie)):
        return 403, "Open the URL that `headway web` has printed: it has the token."
    return None


def wrong_place(site: Site, headers: Mapping[str, str]) -> tuple[int, str] | None:
    """Return why a request was not meant for this page, as status and text, or None."""
    given = headers.get("host", "").lower()
    hosts = {*site.hosts}
    address = given[: -len(f":{site.port}")] if given.endswith(f":{site.port}") else given
    if site.everywhere and _ADDRESS.fullmatch(address):
        hosts.add(address)
    places = {f"{host}:{site.port}" for host in hosts}
    if site.port == (443 if site.scheme == "https" else 80):
        places.update(hosts)
    if given not in places:
        return 421, "This is not the host that the request names."
    origin = headers.get("origin")
    if origin is not None and origin not in {f"{site.scheme}://{place}" for place in places}:
        return 403, "Another page asks; it may not."
    return None


def is_token(site: Site, given: str | None) -> bool:
    """Return whether that is the token."""
    return given is not None and compare_digest(given.encode(), site.token.encode())
