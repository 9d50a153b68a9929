"""No test reports to the broker of whoever runs the tests, or depends on how they are run."""

import atexit
import os
import shutil
import signal
import tempfile

_PRIVATE = tempfile.mkdtemp(prefix="hwt", dir="/tmp")
atexit.register(shutil.rmtree, _PRIVATE, ignore_errors=True)
# Before any test imports what reports; a test that wants a broker makes a machine of its own.
os.environ["HEADWAY_RUNTIME_DIR"] = os.path.join(_PRIVATE, "run")
os.environ["HEADWAY_STATE_DIR"] = os.path.join(_PRIVATE, "state")
os.environ["HEADWAY_BROKER"] = "never"
# Started in the background of a script, this ignores SIGINT, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and under nohup SIGHUP
