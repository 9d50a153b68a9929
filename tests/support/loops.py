"""What a loop can iterate over: makers of each kind from a list of items."""

from __future__ import annotations

KINDS = {
    "list": list,
    "tuple": tuple,
    "range": lambda items: range(len(items)),
    "str": lambda items: "x" * len(items),
    "bytes": lambda items: bytes(len(items)),
    "dict": dict.fromkeys,
    "set": set,
    "generator": lambda items: (item for item in items),
    "map": lambda items: map(abs, items),
}
