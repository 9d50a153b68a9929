"""Pseudo terminals whose output is read, so that drawing on one costs what it costs a user.

The reader is a process of its own: a thread would take the interpreter lock from what is
measured.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

COLUMNS, ROWS = 120, 50
# Before a command: its standard input becomes its controlling terminal. It leads a session.
CONTROL = (sys.executable, "-S", __file__, "control")


def open_pty(columns: int = COLUMNS, rows: int = ROWS) -> tuple[int, int]:
    """Open a pty of that size; return the end to read and the end to draw on."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return master, slave


class Terminal:
    """A pty whose output is read and counted; `slave` is the descriptor to draw on."""

    def __init__(self, columns: int = COLUMNS, rows: int = ROWS) -> None:
        master, self.slave = open_pty(columns, rows)
        self._reader = subprocess.Popen(
            [sys.executable, "-S", __file__, str(master)], pass_fds=[master], stdout=subprocess.PIPE
        )
        os.close(master)

    def close(self) -> tuple[int, str]:
        """Close the pty; return how many bytes were drawn, and the last 2,000 of them."""
        os.close(self.slave)
        output, _ = self._reader.communicate()
        count, last = output.split(b"\n", 1)
        return int(count), last.decode("utf-8", "replace")


def run(command: list[str], environ: dict[str, str], timeout: float) -> tuple[bytes, int]:
    """Run `command` on a terminal of its own, which becomes its controlling one.

    Returns what it wrote to the descriptor `BENCH_RESULT`, and how many bytes it drew. Raises
    `RuntimeError` if it fails.
    """
    terminal = Terminal()
    read, write = os.pipe()
    process = subprocess.Popen(
        [*CONTROL, *command],
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave,
        env={**environ, "BENCH_RESULT": str(write)},
        pass_fds=[write],
        start_new_session=True,
    )
    os.close(write)
    try:
        with os.fdopen(read, "rb") as result:
            text = result.read()
        status = process.wait(timeout)
    finally:
        if process.poll() is None:
            process.kill()
        drawn, last = terminal.close()
    if status:
        raise RuntimeError(f"{command} ended with {status}: {last}")
    return text, drawn


def _read(master: int) -> None:
    total = 0
    last = b""
    while True:
        try:
            chunk = os.read(master, 1 << 16)
        except OSError:
            break
        if not chunk:
            break
        total += len(chunk)
        last = (last + chunk)[-2000:]
    os.write(1, b"%d\n%b" % (total, last))


if __name__ == "__main__":
    if sys.argv[1] == "control":
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.execvp(sys.argv[2], sys.argv[2:])
    _read(int(sys.argv[1]))
