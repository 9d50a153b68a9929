"""`deque` without the rest of `collections`, which takes longer to import than to use. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
else:
    try:
        from _collections import deque
    except ImportError:  # another implementation of Python
        from collections import deque

__all__ = ["deque"]
