"""Which loop an exception has left: the instruction where a loop was dropped, and the traceback.

A loop's iterator is dropped by the frame that it stands in, while that frame is still at the
line that the exception came from, or at the `break`. So an exception has left a loop if its
traceback has the frame's code at that line. Where the loop's body has a `finally`, a `with` or an
`except` that raises again, the frame is at the end of that, further down than the traceback says.

The instruction tells who had the items as well: a call of a function that is written in C, such
as `list` or `zip`, or a loop over another iterator, took all that were handed out; a loop that
was left by `break` had one of them in work, and so had one that an exception left in a call of its
body. Python does not tell a finalizer of an exception that is passing. But its traceback refers
to the frame: that has one reference more than a frame in which an object is dropped in order.
"""

from __future__ import annotations

import builtins
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Iterator, Sequence, Tuple

    # Code, line (None: the instruction has none) and offset of the instruction; or the id of the
    # exception that was passing, 0 and -1.
    Place = Tuple[Any, Any, int]

_LIMIT = 30  # frames and exceptions that are looked at
_DRAWN = 0x20 | 0x80 | 0x200  # a generator, a coroutine, an asynchronous generator
# In place of a place: an exception was passing.
RAISING: Place = ("raising", 0, -1)
IN_ORDER: Place = ("in order", 0, -1)  # none was
# The instructions at which all items that were handed out were taken by what is written in C.
_TAKEN = ("CALL", "PRECALL", "FOR_ITER", "CONTAINS_OP", "LIST_EXTEND", "SET_UPDATE")
# The instructions that raise an exception again; the second one before Python 3.9.
_RAISE_AGAIN = ("RERAISE", "END_FINALLY", "RAISE_VARARGS")


def places(frame: FrameType | None, references: int = 0) -> list[Place]:
    """Return where `frame` is: if it is a generator's, also where that is drawn from.

    `references` is what `references(frame)` was; the last place is then `RAISING` if that shows
    that an exception is passing, else `IN_ORDER`.
    """
    found: list[Place] = []
    counted = references > 0 and frame is not None
    raising = counted and frame is not None and _is_passing(frame, references)
    while frame is not None and len(found) < _LIMIT:
        found.append((frame.f_code, frame.f_lineno, frame.f_lasti))
        if not frame.f_code.co_flags & _DRAWN:
            break
        frame = frame.f_back
    return [*found, RAISING if raising else IN_ORDER] if counted else found


def closing(frame: FrameType | None) -> list[Place]:
    """Return the places of the generator that `frame` closes, which it is or was called by."""
    while frame is not None and not frame.f_code.co_flags & _DRAWN:
        frame = frame.f_back
    return places(frame)


def references(frame: FrameType) -> int:
    """Return how many references there are to `frame`; 0 where Python does not count them.

    To be compared with one another, they have to come from finalizers that call
    `references(sys._getframe(1))`.
    """
    count: Callable[[Any], int] | None = getattr(sys, "getrefcount", None)
    return 0 if count is None else count(frame)


class _Probe:
    """Appends to `found` how many references there are to the frame that drops it."""

    __slots__ = ("found",)

    def __init__(self, found: list[int]) -> None:
        self.found = found

    def __del__(self) -> None:
        self.found.append(references(sys._getframe(1)))


def _drop(found: list[int]) -> None:
    id(_Probe(found))


def _drop_and_yield(found: list[int]) -> Iterator[int]:
    yield id(_Probe(found))


def _is_passing(frame: FrameType, count: int) -> bool:
    """Return whether `count` references to `frame` are more than where no exception is passing."""
    found: list[int] = []
    if frame.f_code.co_flags & _DRAWN:
        next(_drop_and_yield(found))
    else:
        _drop(found)
    handled = 0  # the exception that is handled has a traceback, too, and that the frames it called
    for error in _chain(sys.exc_info()[1]):
        trace = error.__traceback__
        while trace is not None:
            handled += (trace.tb_frame is frame) + (trace.tb_frame.f_back is frame)
            trace = trace.tb_next
    return bool(found) and count > found[0] + handled


def passing(error: BaseException) -> list[Place]:
    """Return the place of what `error`, which is passing, leaves."""
    return [(id(error), 0, -1)]


def passed(error: Any, at: Sequence[Place]) -> bool | None:
    """Return whether `error` has passed one of the places; None where it cannot be known."""
    error = getattr(error, "raised", error)  # of an exit status
    if not at or not isinstance(error, BaseException):
        return None
    known: list[Place] = list(getattr(error, "_headway_stack", ()))
    known += entries(error)
    if len(known) < 2:
        return None
    return any(_is_on_the_way(entry, place) for place in at for entry in known)


def _is_on_the_way(entry: Place, place: Place) -> bool:
    """Return whether what was raised at `entry` may have left a loop at `place`."""
    if entry[0] is not place[0] and entry[0] != place[0]:
        return False
    if entry[1] == place[1]:
        return True
    further = None in (entry[1], place[1]) or entry[1] < place[1]
    return further and instruction(place) in _RAISE_AGAIN


def consumed(at: Sequence[Place], drawn: Place | None) -> bool:
    """Return whether who dropped an iterator there had taken all items that were handed out.

    `drawn` is where its first item was fetched. A local variable is dropped after its function,
    where that was called: if a loop fetched the items, that says nothing.
    """
    if not at or RAISING in at:
        return False
    name = instruction(at[0])
    if name.startswith("CALL") and drawn is not None and instruction(drawn) == "FOR_ITER":
        return False
    if name == "POP_ITER":  # of Python 3.14; at the end of a loop after another instruction
        code, line, offset = at[0]
        return instruction((code, line, offset - 2)) == "END_FOR"
    return name.startswith(_TAKEN)


def asked_again(at: Sequence[Place], drawn: Place | None) -> bool:
    """Return whether an iterator was dropped where its next item was to be fetched by a loop.

    By an exception: of the iterable, then, for the body of the loop had come to its end.
    """
    if not at or drawn is None:
        return False
    code, _, offset = at[0]
    return code is drawn[0] and offset == drawn[2] and instruction(drawn) == "FOR_ITER"


def fetched(error: Any, at: Sequence[Place], codes: tuple[Any, ...] = ()) -> bool:
    """Return whether `error` was raised where an item was to be fetched, not by a loop's body.

    `codes` are those of the iterable.
    """
    error = getattr(error, "raised", error)
    if not isinstance(error, BaseException):
        return False
    for one in _chain(error):
        raised = _traceback(one)
        for entry, inner in zip(raised, [*raised[1:], None]):
            if inner is not None and inner[0] in codes:
                return True
            stood_there = any(entry[0] is place[0] for place in at)
            if stood_there and instruction(entry) == "FOR_ITER":
                return True
    return False


def codes_of(items: Any) -> tuple[Any, ...]:
    """Return the code that is run for the next one of `items`, where it is written in Python."""
    try:
        run = getattr(items, "gi_code", None)
        methods = (getattr(type(items), name, None) for name in ("__next__", "__iter__"))
        codes = (run, *(getattr(method, "__code__", None) for method in methods))
    except Exception as error:  # a stranger's attribute
        reraise_async(error)
        return ()
    return tuple(code for code in codes if code is not None)


def instruction(place: Place) -> str:
    """Return the name of the instruction at a place; "" where there is none."""
    code, _, offset = place
    try:
        from opcode import opname  # noqa: PLC0415 - only what was left early needs it

        return opname[code.co_code[offset]] if offset >= 0 else ""
    except (ImportError, OSError, AttributeError, IndexError) as error:
        reraise_async(error)
        return ""


def entries(error: BaseException | None) -> list[Place]:
    """Return where `error`, and what it was raised from or in the handling of, has passed."""
    found: list[Place] = []
    for one in _chain(error):
        found += passing(one)
        found += _traceback(one)
    return found


def _traceback(error: BaseException) -> list[Place]:
    found: list[Place] = []
    trace = error.__traceback__
    while trace is not None and len(found) < 1000:
        found.append((trace.tb_frame.f_code, trace.tb_lineno, trace.tb_lasti))
        trace = trace.tb_next
    return found


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield `error`, what is in its group, and what it was raised from, or in the handling of."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(seen) < _LIMIT:
        one = todo.pop()
        if one is not None and not any(one is other for other in seen):
            seen.append(one)
            yield one
            todo += [one.__cause__, one.__context__, *_grouped(one)]


def _grouped(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions of an `ExceptionGroup`, a task group's for instance; () of others."""
    group: Any = getattr(builtins, "BaseExceptionGroup", None)  # since 3.11
    return getattr(error, "exceptions", ()) if group and isinstance(error, group) else ()
