"""Notices: from a failure in a program until dunst has painted the bubble of `headway notify`.

Program, broker and notifier are real processes on a session bus of their own; dunst draws on an
Xvfb, whose picture is looked at. Debian packages: dbus, dunst, xvfb.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from functools import partial
from typing import Any

from benches.report import Check, Report, Row, summarize
from benches.sandbox import Sandbox, wait_for
from headway_viewer.notify.bursts import CROWD, GATHER

NEEDED = ("dbus-daemon", "dunst", "gdbus", "Xvfb")
LIMIT = 1.0  # s
COLOUR = "#a0323c"  # of the bubble of a failure,
# in the picture: blue, green, red, and a byte that says nothing.
PIXELS = re.compile(b"(?:%b.){8}" % re.escape(bytes.fromhex(COLOUR[1:])[::-1]), re.DOTALL)
# No more than are told one by one: what comes after them is gathered for longer.
OF_A_NOTIFIER = CROWD
_PROGRAM = """
import headway, sys, time
for number in range(int(sys.argv[1])):
    operation = headway.operation("job %d" % number).start()
    sys.stdin.readline()
    print(time.monotonic(), flush=True)
    operation.fail("no space left on device")
"""
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""
_DUNST = f"""[global]
frame_width = 0
idle_threshold = 0
[urgency_critical]
background = "{COLOUR}"
"""


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    notifiers = 1 if quick else 7
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return Report("notify", TITLE, [], [f"There is no {', '.join(absent)}."], [], [])
    with Sandbox() as sandbox:
        sandbox.broker()
        picture = start_desktop(sandbox)
        found = [took for _ in range(notifiers) for took in bubbles(sandbox, picture)]
    rows = [Row("a failure's bubble is painted", summarize(found), "s", at_most=LIMIT)]
    note = (
        f"{GATHER:g} s of it the notifier waits for more that may come, to tell them as one. The "
        f"first {CROWD} of half a minute are measured; what comes after them is gathered for "
        "longer."
    )
    checks = [Check("every failure had its bubble", len(found) == notifiers * OF_A_NOTIFIER)]
    return Report("notify", TITLE, rows, [note], checks, [])


TITLE = "From the end of an operation to its bubble"


def start_desktop(sandbox: Sandbox) -> str:
    """Start a screen, a bus and dunst; return the file that has the picture of the screen."""
    folder = sandbox.directory
    bus, config = os.path.join(folder, "bus.conf"), os.path.join(folder, "dunstrc")
    for path, text in ((bus, _BUS.format(folder=folder)), (config, _DUNST)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    number, told = os.pipe()
    size = ("-screen", "0", "480x320x24")
    sandbox.start(
        *("Xvfb", "-displayfd", str(told), "-fbdir", folder, "-nolisten", "tcp", *size),
        pass_fds=[told],
        stderr=subprocess.DEVNULL,
    )
    os.close(told)
    with open(number, encoding="ascii") as file:
        sandbox.environ["DISPLAY"] = f":{file.readline().strip()}"
    daemon = sandbox.start(
        *("dbus-daemon", f"--config-file={bus}", "--nofork", "--print-address=1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    sandbox.environ["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()
    sandbox.start("dunst", "-conf", config, stderr=subprocess.DEVNULL)
    wait_for(
        lambda: call(sandbox, "org.freedesktop.Notifications.GetServerInformation") == 0,
        30,
        "an answer of dunst",
    )
    return os.path.join(folder, "Xvfb_screen0")


def call(sandbox: Sandbox, method: str) -> int:
    """Call a method of the notification service; return the exit status of who calls it."""
    place = "call --session -d org.freedesktop.Notifications -o /org/freedesktop/Notifications -m"
    command = ("gdbus", *place.split(), method)
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return sandbox.start(*command, **silent).wait()


def bubbles(sandbox: Sandbox, picture: str) -> list[float]:
    """Return the seconds from each failure to its bubble, beside a notifier of their own."""
    silent = subprocess.DEVNULL
    notifier = sandbox.headway("notify", stdout=silent, stderr=subprocess.PIPE, text=True)
    if "notifying" not in notifier.stderr.readline():
        raise RuntimeError("the notifier has no desktop")
    wait_for(lambda: listeners(sandbox), 30, "the notifier at the broker")
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    program = sandbox.python("-c", _PROGRAM, str(OF_A_NOTIFIER), **pipes)
    found: list[float] = []
    for index in range(OF_A_NOTIFIER):
        wait_for(partial(is_open, sandbox, f"job {index}"), 30, "an operation")
        program.stdin.write("\n")
        program.stdin.flush()
        begun = float(program.stdout.readline())
        wait_for(lambda: is_painted(picture), 30, "a bubble")
        found.append(time.monotonic() - begun)
        call(sandbox, "org.dunstproject.cmd0.NotificationCloseAll")
        wait_for(lambda: not is_painted(picture), 30, "the end of a bubble")
    program.wait()
    sandbox.end(notifier)
    return found


def listeners(sandbox: Sandbox) -> int:
    """Return how many follow the events of the broker."""
    status = sandbox.headway("broker", "status", "--json", stdout=subprocess.PIPE, text=True)
    text, _ = status.communicate()
    return 1 if '"listeners": 1' in text else 0


def is_open(sandbox: Sandbox, name: str) -> bool:
    """Return whether the broker knows an operation of that name that goes on."""
    return any(one.name == name and one.open for one in sandbox.operations())


def is_painted(picture: str) -> bool:
    """Return whether a bubble of a failure is in the picture of the screen."""
    with open(picture, "rb") as file:
        return PIXELS.search(file.read()) is not None
