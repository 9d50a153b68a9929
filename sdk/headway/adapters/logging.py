"""Log records as lines of the operation in which they were made.

logging.getLogger().addHandler(OperationHandler())
"""

from __future__ import annotations

import logging

from headway.api.opening import current
from headway.api.operation import Operation
from headway.async_exceptions import reraise_async

__all__ = ["OperationHandler"]


class OperationHandler(logging.Handler):
    """Sends what is logged to the operation or stage around the line that logs.

    Viewers show its last lines. What is logged outside of any operation is dropped.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; never raise, and keep nothing."""
        try:
            around = current()
            if isinstance(around, Operation):
                around.log(self.format(record))
            elif around is not None:
                around.operation.log(self.format(record), around)
        except Exception as error:
            reraise_async(error)
            self.handleError(record)
