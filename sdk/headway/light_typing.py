"""`NamedTuple` without `typing` and `collections`, half of what `import headway` would cost.

A type checker is shown the real one. At run time the annotations of a class body become the
fields of a tuple class with what `collections.namedtuple` gives it: `_fields`,
`_field_defaults`, `_make`, `_replace`, `_asdict`. Methods and properties stay; those of the
language, with two underscores, do not.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

try:  # what `collections` has of C for it, too
    from _collections import _tuplegetter as item  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python

    def item(index: int, doc: str) -> Any:
        """Return what reads the field at `index`."""
        return property(lambda self: tuple.__getitem__(self, index), doc=doc)


# Tuples of a class that are made before its `__new__` is compiled, which takes as long as to make
# about a hundred without. A short command makes a few of many classes.
MADE_SLOWLY = 32


class _Record(tuple):  # pyright: ignore[reportMissingTypeArgument]
    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, Any] = {}  # noqa: RUF012 - each class has its own

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Any:
        return cls(*values)

    def _replace(self, **changes: Any) -> Any:
        values = [changes.pop(name, value) for name, value in zip(self._fields, self)]
        if changes:
            raise ValueError(f"{type(self).__name__} has no field {', '.join(changes)}")
        return type(self)(*values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
        return f"{type(self).__name__}({values})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Maker(type):
    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = tuple(body.get("__annotations__", ()))
        defaults = {field: body[field] for field in fields if field in body}
        last = tuple(defaults.values())
        left = MADE_SLOWLY

        def make_first(made: Any, *values: Any, **named: Any) -> Any:
            # Of most classes of a module that is imported none is made, or few.
            nonlocal left
            left -= 1
            missing = len(fields) - len(values)
            if left >= 0 and not named and 0 <= missing <= len(last):
                return tuple.__new__(made, values + last[len(last) - missing :])
            make = made.__new__ = _compiled(name, fields, defaults)
            return make(made, *values, **named)

        members = {
            key: value
            for key, value in body.items()
            if key not in fields and (not key.startswith("__") or key in _KEPT)
        }
        members.update((field, item(index, field)) for index, field in enumerate(fields))
        members.update(
            __slots__=(),
            __new__=make_first,
            __match_args__=fields,
            _fields=fields,
            _field_defaults=defaults,
        )
        return type(name, (_Record,), members)


def _compiled(name: str, fields: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """Return the `__new__` of a tuple class.

    Compiled with the names of the fields, it is called as fast as a tuple is made.
    """
    names = "".join(f"{field}, " for field in fields)
    make = eval(f"lambda _cls, {names}: _new(_cls, ({names}))", {"_new": tuple.__new__})  # noqa: S307
    make.__name__ = "__new__"
    make.__qualname__ = f"{name}.__new__"
    make.__defaults__ = tuple(defaults.values())
    return make


_KEPT = ("__doc__", "__module__", "__qualname__")


class NamedTuple(metaclass=_Maker):
    """Derive from it, and annotate the fields, in order."""
