"""Notices to an ntfy server: `headway notify --ntfy https://ntfy.example/topic`.

Shell. The message is published as JSON, in which every text can stand.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

from headway import text
from headway_viewer.notify.claims import kind_to
from headway_viewer.notify.notice import BAD, CRITICAL, LOW, Notice

TIMEOUT = 15.0  # seconds for the server to answer
_PRIORITY = {LOW: 2, CRITICAL: 4}


class NtfyChannel:
    """Publishes to the topic that `url` ends with. Raises ValueError if that is no such URL."""

    gives_up = False

    def __init__(self, url: str, *, with_output: bool) -> None:
        parts = urllib.parse.urlsplit(url)
        folder, _, topic = parts.path.rstrip("/").rpartition("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not topic:
            raise ValueError(f"{url!r} is no address of a topic, such as https://ntfy.sh/mine")
        host = parts.netloc.rpartition("@")[2]
        self._server = urllib.parse.urlunsplit((parts.scheme, host, f"{folder}/", "", ""))
        self._topic = topic
        self.kind = kind_to("ntfy", self._server, topic)
        self._with_output = with_output
        self._headers = {"Content-Type": "application/json"}
        if parts.username is not None or parts.password is not None:
            who = f"{urllib.parse.unquote(parts.username or '')}:"
            who += urllib.parse.unquote(parts.password or "")
            self._headers["Authorization"] = "Basic " + base64.b64encode(who.encode()).decode()

    def deliver(self, notice: Notice) -> None:
        """Publish a notice. Raise OSError if the server does not take it."""
        body = notice.body if self._with_output else notice.public_body
        message = {
            "topic": self._topic,
            "title": text.safe(notice.title),
            "message": "\n".join(map(text.safe, body.splitlines())) or " ",
            "priority": _PRIORITY.get(notice.urgency, 3),
            "tags": ["x"] if notice.event in BAD else [],
        }
        data = json.dumps(message).encode()
        request = urllib.request.Request(self._server, data, self._headers)  # noqa: S310 - checked
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - checked above
                pass
        except urllib.error.HTTPError as error:
            error.close()
            raise OSError(f"the server answers {error.code}") from None
        except OSError as error:
            raise OSError(f"the server cannot be reached: {error}") from None
