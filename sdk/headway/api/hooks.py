"""Hooks for uncaught exceptions, which others may take away again.

The hooks are the interpreter's: whoever puts an earlier one back, as pytest does after every
test, takes ours away. So `install` is called whenever one is needed, and sets it where the hooks
of ours that are there are of other kinds. One that a stranger's hook calls is not seen, and set
again around that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Hook:
    """A hook in place of `before`, which it calls in its turn; each kind is callable."""

    __slots__ = ("before",)

    def __init__(self, before: Callable[..., Any]) -> None:
        self.before = before


def install(kind: type[Hook], where: Any) -> None:
    """Set a hook of `kind` as the `excepthook` of the module `where`, unless there is one."""
    hook = first = where.excepthook
    while isinstance(hook, Hook):
        if type(hook) is kind:
            return
        hook = hook.before
    where.excepthook = kind(first)
