"""Lines and bars as HTML: for the cells of a notebook. Pure.

Styles stand at the elements, as no style sheet is ours there; colours are between light and dark,
as a page may be either. All texts are escaped.
"""

from __future__ import annotations

from headway.formatting.theme import Line

_STYLES = {
    "good": "color:#2da44e",
    "bad": "color:#e5534b",
    "warn": "color:#b8860b",
    "busy": "color:#2a9d8f",
    "bar": "color:#2a9d8f",
    "rest": "opacity:.4",
    "dim": "opacity:.7",
    "strong": "font-weight:600",
}
_TRACK = (
    "display:inline-block;vertical-align:middle;width:16em;max-width:40%;height:.65em;"
    "margin:0 .8em;border-radius:.35em;background:rgba(128,128,128,.3);overflow:hidden"
)
_DONE = "display:block;height:100%;background:#2a9d8f"
_INDENT = 1.5  # ems


def escape(text: str) -> str:
    """Return `text` as it is to stand in an element or an attribute."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    return text


def span(text: str, style: str = "") -> str:
    """Return a text in one of the theme's styles."""
    look = _STYLES.get(style)
    return f'<span style="{look}">{escape(text)}</span>' if look else escape(text)


def spans(line: Line) -> str:
    """Return the pieces of a styled line."""
    return "".join(span(text, style) for style, text in line)


def bar(progress: float) -> str:
    """Return a bar for 0…1; whole per cent, rounded down, so that it is full only at 1."""
    share = int(min(max(progress, 0.0), 1.0) * 100)
    return (
        f'<span role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share}"'
        f' style="{_TRACK}"><span style="{_DONE};width:{share}%"></span></span>'
    )


def row(content: str, depth: int = 0) -> str:
    """Return a line of its own, `depth` steps to the right."""
    indent = f";padding-left:{depth * _INDENT}em" if depth else ""
    return f'<div style="white-space:pre-wrap{indent}">{content}</div>'


def block(rows: list[str]) -> str:
    """Return the rows as one element, in the page's font for numbers that stand still."""
    look = "line-height:1.6;font-variant-numeric:tabular-nums"
    return f'<div style="{look}">{"".join(rows)}</div>'
