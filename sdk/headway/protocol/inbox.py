"""The inbox of a viewer: the topic on which it is sent the snapshots that it asks for."""

from __future__ import annotations

INBOX_NAME_SIZE = 16  # bytes
_INBOX, _EVENT_INBOX, _OVERVIEW_INBOX, _SCREEN_INBOX = b"i", b"j", b"k", b"l"


def inbox_topic(
    name: bytes, *, events: bool = False, overview: bool = False, screen: bool = False
) -> bytes:
    """Return the topic of an inbox for snapshots; its viewer chose `INBOX_NAME_SIZE` bytes.

    With `events`, for those of the stream of events; with `overview`, for one without the stages
    that no row tells of; with `screen`, for those of the stream of screens.
    """
    kind = _OVERVIEW_INBOX if overview else _EVENT_INBOX if events else _INBOX
    return (_SCREEN_INBOX if screen else kind) + name


def is_inbox(topic: bytes) -> bool:
    """Return whether a topic is that of an inbox, of whatever kind."""
    kinds = (_INBOX, _EVENT_INBOX, _OVERVIEW_INBOX, _SCREEN_INBOX)
    return topic[:1] in kinds and len(topic) == 1 + INBOX_NAME_SIZE


def is_event_inbox(topic: bytes) -> bool:
    """Return whether the topic of an inbox is for snapshots of the stream of events."""
    return topic.startswith(_EVENT_INBOX)


def is_overview_inbox(topic: bytes) -> bool:
    """Return whether the topic of an inbox is for overviews."""
    return topic.startswith(_OVERVIEW_INBOX)


def is_screen_inbox(topic: bytes) -> bool:
    """Return whether the topic of an inbox is for snapshots of the stream of screens."""
    return topic.startswith(_SCREEN_INBOX)
