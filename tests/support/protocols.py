"""What a protocol asks for."""

from __future__ import annotations


def members(protocol):
    """The names of all that a protocol has."""
    made = {"_is_protocol", "_is_runtime_protocol"}
    names = {*protocol.__annotations__, *vars(protocol)} - made
    return {name for name in names if not name.startswith(("__", "_abc_"))}
