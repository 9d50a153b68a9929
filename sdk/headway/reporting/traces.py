"""Which loop an exception has left: the line where a loop was dropped, and the traceback.

A loop's iterator is dropped by the frame that it stands in, while that frame is still at the
line that the exception came from, or at the `break`. So an exception has left a loop if its
traceback has the frame's code at that line.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Iterator, Tuple

    Place = Tuple[Any, Any]  # code and line, or the exception that was passing and 0

_LIMIT = 30  # frames and exceptions that are looked at
_DRAWN = 0x20 | 0x80 | 0x200  # a generator, a coroutine, an asynchronous generator


def places(frame: FrameType | None) -> list[Place]:
    """Return where `frame` is: if it is a generator's, also where that is drawn from."""
    found: list[Place] = []
    while frame is not None and len(found) < _LIMIT:
        found.append((frame.f_code, frame.f_lineno))
        if not frame.f_code.co_flags & _DRAWN:
            break
        frame = frame.f_back
    return found


def stack(frame: FrameType | None) -> list[Place]:
    """Return where `frame` is and where it was called from."""
    found: list[Place] = []
    while frame is not None and len(found) < _LIMIT:
        found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return found


def passed(error: Any, at: list[Place]) -> bool | None:
    """Return whether `error` has passed one of the places; None where it cannot be known."""
    error = getattr(error, "raised", error)  # of an exit status
    if not at or not isinstance(error, BaseException):
        return None
    known: list[Place] = list(getattr(error, "_headway_stack", ()))
    for one in _chain(error):
        known.append((id(one), 0))
        trace = one.__traceback__
        while trace is not None and len(known) < 1000:
            known.append((trace.tb_frame.f_code, trace.tb_lineno))
            trace = trace.tb_next
    if len(known) < 2:
        return None
    return any(place in known for place in at)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and the exceptions that it was raised from, or in the handling of."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(seen) < _LIMIT:
        one = todo.pop()
        if one is not None and not any(one is other for other in seen):
            seen.append(one)
            yield one
            todo += [one.__cause__, one.__context__]
