"""`NamedTuple` without `typing`, whose import would be a third of what `import headway` costs.

A type checker is shown the real one. At run time the annotations of a class body become the
fields of a `collections.namedtuple`, with their defaults. Methods and properties
stay; those of the language, with two underscores, do not.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Maker(type):
    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = list(body.get("__annotations__", ()))
        made: Any = namedtuple(  # noqa: PYI024  # pyright: ignore[reportUntypedNamedTuple]
            name,
            fields,
            defaults=[body[field] for field in fields if field in body],
            module=body["__module__"],
        )
        made.__doc__ = body.get("__doc__")
        for key, value in body.items():
            if key not in fields and not key.startswith("__"):
                setattr(made, key, value)
        return made


class NamedTuple(metaclass=_Maker):
    """Derive from it, and annotate the fields, in order."""
