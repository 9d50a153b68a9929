"""Records as they may be written to disk: without what commands print or exceptions say.

Pure. A stage's detail, errors, the message of a failure and the text of a question can be
lines of output, and passwords stand in those. They are in memory and on the wire only: no
history and no spool file has them. Names, states, counts, exit statuses and other reasons stay,
and so do errors in Headway's own words (`vocabulary`).
"""

from __future__ import annotations

from _operator import itemgetter  # `operator` is 20 times as long to import

from headway.model import Operation, Stage
from headway.protocol.messages import Announce
from headway.protocol.vocabulary import are_own
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import CRASHED, FAILED, QUESTIONS, asks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

_STATE = OPERATION_FIELDS.index("state")
_ATTEMPT = OPERATION_FIELDS.index("attempt")
_REVISION = OPERATION_FIELDS.index("revision")
_REASON = OPERATION_FIELDS.index("reason")
_ERROR = OPERATION_FIELDS.index("error")
_MESSAGE = OPERATION_FIELDS.index("message")
_STAGE_ID = STAGE_FIELDS.index("id")
_STAGE_STATE = STAGE_FIELDS.index("state")
_STAGE_ATTEMPT = STAGE_FIELDS.index("attempt")
_STAGE_REASON = STAGE_FIELDS.index("reason")
_STAGE_ERROR = STAGE_FIELDS.index("error")
_STAGE_DETAIL = STAGE_FIELDS.index("detail")
_stage_texts = itemgetter(_STAGE_ERROR, _STAGE_DETAIL, _STAGE_REASON)
_NO_TEXTS = (None, None, None)
_ONLY_NO_TEXTS = {_NO_TEXTS}


def redact_operation(record: Sequence[Any]) -> list[Any]:
    """Return a record of `OPERATION_FIELDS` without texts.

    The error of a crash stays: it is the broker's own, about the process.
    """
    redacted = list(record)
    if redacted[_STATE] != CRASHED:
        redacted[_ERROR] = _own(redacted[_ERROR])
    if redacted[_STATE] == FAILED:
        redacted[_MESSAGE] = None
    redacted[_REASON] = _without_question(redacted[_REASON])
    return redacted


def redact_stage(record: Sequence[Any]) -> list[Any]:
    """Return a record of `STAGE_FIELDS` without texts: a list without any itself."""
    if type(record) is list and _stage_texts(record) == _NO_TEXTS:  # an exit spools thousands
        return record
    redacted = list(record)
    redacted[_STAGE_ERROR] = _own(redacted[_STAGE_ERROR])
    redacted[_STAGE_DETAIL] = None
    redacted[_STAGE_REASON] = _without_question(redacted[_STAGE_REASON])
    return redacted


def _redact_stages(records: list[list[Any]]) -> list[list[Any]]:
    if set(map(_stage_texts, records)) <= _ONLY_NO_TEXTS:  # an exit spools thousands
        return records
    return [redact_stage(record) for record in records]


def redact(message: Any) -> Any:
    """Return a message as it may lie in a spool file."""
    if type(message) is not Announce:
        return message
    return message._replace(
        operation=redact_operation(message.operation),
        stages=_redact_stages(message.stages),
    )


def refill(message: Announce, known: Operation) -> Announce:
    """Return what a spool file says of an operation, with the texts that `known` has of it.

    Otherwise a file that repeats an end would blank the texts that the wire has brought. A file
    that corrects it has a higher revision, and another text.
    """
    operation = list(message.operation)
    told = operation[_STATE], operation[_ATTEMPT], operation[_REVISION]
    if told == (known.state, known.attempt, known.revision):
        operation[_ERROR] = operation[_ERROR] or _only_told(known.error)
        operation[_MESSAGE] = operation[_MESSAGE] or known.message
    stages = [
        _refill_stage(list(record), known.stages.get(record[_STAGE_ID]))
        for record in message.stages
    ]
    return message._replace(operation=operation, stages=stages)


def _refill_stage(record: list[Any], known: Stage | None) -> list[Any]:
    if known is not None and (known.state, known.attempt) == (
        record[_STAGE_STATE],
        record[_STAGE_ATTEMPT],
    ):
        record[_STAGE_ERROR] = record[_STAGE_ERROR] or _only_told(known.error)
        record[_STAGE_DETAIL] = record[_STAGE_DETAIL] or known.detail
    return record


def _own(error: str | None) -> str | None:
    """Return an error if Headway itself worded it."""
    return error if error is not None and are_own(error) else None


def _only_told(error: str | None) -> str | None:
    """Return an error unless Headway itself worded it: a file would have that."""
    return error if error is not None and not are_own(error) else None


def _without_question(reason: str | None) -> str | None:
    """Return the reason of a wait without the words in which a command asked."""
    if not asks(reason) or reason is None:
        return reason
    return next(words for words in QUESTIONS if reason.startswith(words))
