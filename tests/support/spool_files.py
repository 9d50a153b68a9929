"""Files of the spool, as programs leave them."""

import os

from headway.host.files.spool import write_spool_file
from headway.host.identity import describe
from headway.protocol import messages
from headway.reporting.spool.last_resort import spooled


def left(directory, name, *operations, boot=None, pid=None):
    """Leave a file of these operations, as a program does."""
    about = describe("0")
    about["boot"] = boot or about["boot"]
    about["pid"] = pid or about["pid"]
    hello = messages.Hello(messages.MAGIC, 1, 1, name, "worker", 0.0, about)
    announced = [
        messages.Announce(
            0, 0.0, True, one.record(), [stage.record() for stage in one.stages.values()]
        )
        for one in operations
    ]
    (data,) = spooled([hello, *announced, messages.Bye(0, 0.0)])
    write_spool_file(str(directory), os.getuid(), name, data)
