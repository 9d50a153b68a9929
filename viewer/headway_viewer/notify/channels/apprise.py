"""Notices by Apprise, to what it knows: mail, chats, telephones. Extra `notify`.

Shell.
"""

from __future__ import annotations

import importlib
from typing import Any

from headway import text
from headway_viewer.notify.claims import kind_to
from headway_viewer.notify.notice import BAD, Notice


class AppriseChannel:
    """Sends to Apprise URLs. Raises ImportError or ValueError, with what to do about it."""

    gives_up = False

    def __init__(self, urls: list[str], *, with_output: bool) -> None:
        try:
            apprise: Any = importlib.import_module("apprise")
        except ImportError:
            raise ImportError(
                "Apprise is not installed (pip install '.[notify]' in Headway's folder)"
            ) from None
        self.kind = kind_to("apprise", *sorted(urls))
        self._with_output = with_output
        self._sender = apprise.Apprise()
        for url in urls:
            if not self._sender.add(url):
                raise ValueError("Apprise does not know this kind of address")

    def deliver(self, notice: Notice) -> None:
        """Send a notice. Raise OSError if any of the addresses does not take it."""
        body = notice.body if self._with_output else notice.public_body
        sent = self._sender.notify(
            title=text.safe(notice.title),
            body="\n".join(map(text.safe, body.splitlines())) or " ",
            notify_type="failure" if notice.event in BAD else "info",
        )
        if not sent:
            raise OSError("Apprise could not send it")
