"""A screen for tests that nobody looks at: Xvfb, dunst on it, and the picture that it shows.

Debian packages: xvfb, dunst. Xvfb keeps its picture in a file, in the format of xwd.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import zlib

_SERVER = "-nolisten tcp -screen 0 480x320x24"
# No colour is found in a row of another one, whatever byte the look begins at.
COLOURS = {"low": (10, 130, 30), "normal": (20, 40, 170), "critical": (160, 50, 60)}
_CONFIG = """[global]
origin = top-left
offset = 10x10
width = 440
frame_width = 0
idle_threshold = 0
font = Monospace 10
markup = full
format = "<b>%s</b>\\n%b"
"""


def missing():
    """Why there can be no such screen on this machine, or None."""
    for program in ("Xvfb", "dunst"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return None


class Screen:
    """dunst as the notification service of a session bus; a colour for each urgency."""

    def __init__(self, environ):
        self.folder = tempfile.mkdtemp(prefix="hwx", dir="/tmp")
        number, told = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(told), "-fbdir", self.folder, *_SERVER.split()],
            pass_fds=[told],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(told)
        with open(number) as file:
            display = file.readline().strip()
        config = f"{self.folder}/dunstrc"
        with open(config, "w") as file:
            file.write(_CONFIG)
            for urgency, colour in COLOURS.items():
                file.write(f'[urgency_{urgency}]\nbackground = "#{bytes(colour).hex()}"\n')
                file.write('foreground = "#ffffff"\n')
        self._dunst = subprocess.Popen(
            ["dunst", "-conf", config],
            env={**os.environ, **environ, "DISPLAY": f":{display}"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def pixels(self):
        """The picture: rows of three bytes a pixel."""
        with open(f"{self.folder}/Xvfb_screen0", "rb") as file:
            data = file.read()
        header = struct.unpack(">25I", data[:100])
        size, (width, height), line, colours = header[0], header[4:6], header[12], header[19]
        begin = size + 12 * colours
        rows = [data[begin + line * row :][: 4 * width] for row in range(height)]
        return [
            bytes(byte for trio in zip(row[2::4], row[1::4], row[::4]) for byte in trio)
            for row in rows
        ]

    def has(self, urgency):
        """How many pixels are of the colour of an urgency."""
        return sum(row.count(bytes(COLOURS[urgency])) for row in self.pixels())

    def save(self, path):
        """Write the picture as a PNG, for somebody who looks at it."""
        rows = self.pixels()
        chunks = (
            (b"IHDR", struct.pack(">2I5B", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))),
            (b"IEND", b""),
        )
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, data in chunks:
                file.write(struct.pack(">I", len(data)) + kind + data)
                file.write(struct.pack(">I", zlib.crc32(kind + data)))

    def close(self):
        """End both."""
        for process in (self._dunst, self._server):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
