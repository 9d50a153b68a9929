import os
import subprocess
import sys

SILENT = (
    "import sys\n"
    "from headway.commands.standard_streams import silence_stdout\n"
    "try: print('to nobody', flush=True)\n"
    "except BrokenPipeError: sys.exit(silence_stdout())"
)
DISCARDED = (
    "import os\n"
    "from headway.commands.standard_streams import discard_stderr\n"
    "discard_stderr()\n"
    "os.write(2, b'to nobody')\n"
    "print('to somebody')"
)
OPENED = (
    "import sys\n"
    "from headway.commands.standard_streams import open_closed_streams\n"
    "open_closed_streams()\n"
    "print('to nobody')\n"
    "sys.exit(3 if sys.stderr is None else 0)"
)


def test_what_is_written_after_the_reader_has_left_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", SILENT],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_stream_that_was_closed_can_be_written_to():
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" >&- 2>&-', sys.executable, OPENED],
        check=False,
        timeout=60,
    )
    assert done.returncode == 0


def test_what_is_written_to_a_discarded_standard_error_reaches_nobody():
    done = subprocess.run(
        [sys.executable, "-c", DISCARDED], capture_output=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == (b"to somebody\n", b"")
