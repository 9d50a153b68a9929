"""The inbox of a viewer: the topic on which it is sent the snapshots that it asks for."""

from __future__ import annotations

INBOX_NAME_SIZE = 16  # bytes
_INBOX, _EVENT_INBOX = b"i", b"j"


def inbox_topic(name: bytes, *, events: bool = False) -> bytes:
    """Return the topic of an inbox for snapshots; its viewer chose `INBOX_NAME_SIZE` bytes.

    With `events`, for those of the stream of events.
    """
    return (_EVENT_INBOX if events else _INBOX) + name


def is_inbox(topic: bytes) -> bool:
    """Return whether a topic is that of an inbox, of either stream."""
    return topic[:1] in (_INBOX, _EVENT_INBOX) and len(topic) == 1 + INBOX_NAME_SIZE


def is_event_inbox(topic: bytes) -> bool:
    """Return whether the topic of an inbox is for snapshots of the stream of events."""
    return topic.startswith(_EVENT_INBOX)
