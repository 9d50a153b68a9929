"""The rows of `headway ps --format`: a template with fields of the public JSON form. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Mapping

_FIELD = re.compile(r"\{(\w+)\}")
_ESCAPES = {r"\t": "\t", r"\n": "\n"}


class UnknownField(ValueError):
    """Raised for a template with a field that operations do not have; the text lists them."""


def format_row(template: str, fields: Mapping[str, Any], spell: Callable[[str], str]) -> str:
    r"""Return `template` with each `{field}` replaced, and `\t` and `\n` for their characters.

    Unknown values are empty, lists JSON; texts pass through `spell`. Raise `UnknownField`.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in fields:
            raise UnknownField(f"there is no field {name!r}; there are {', '.join(fields)}")
        return _text(fields[name], spell)

    for escape, character in _ESCAPES.items():
        template = template.replace(escape, character)
    return _FIELD.sub(value, template)


def _text(value: Any, spell: Callable[[str], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return spell(value)
    return json.dumps(value, separators=(",", ":"))
