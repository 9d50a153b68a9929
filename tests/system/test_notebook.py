"""Cells of a real kernel, as a page gets to see them: one run, looked at by each test."""

import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import termios
import threading

import pytest

pytest.importorskip("ipykernel")
pytest.importorskip("nbclient")

from machine import ROOT, Machine

pytestmark = [pytest.mark.once, pytest.mark.timeout(360)]

PAGE = os.path.join(ROOT, "tests", "support", "notebook_page.py")

# `show(n)` waits until n pictures more have been shown, so that none depends on how fast it goes.
PREPARE = """
import headway, os, subprocess, sys, time
from headway.adapters.tqdm import tqdm
from headway.host import notebook

pictures = []
def noted(name):
    original = getattr(notebook, name)
    def call(key, data, *where):
        pictures.append(data)
        return original(key, data, *where)
    setattr(notebook, name, call)
noted("show")
noted("replace")

def wait(condition):
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(.02)

def show(number):
    wanted = len(pictures) + number
    wait(lambda: len(pictures) >= wanted)

def shows(text):
    wait(lambda: pictures and text in pictures[-1]["text/plain"])

child = (
    "import headway, sys\\n"
    "for item in headway.track(range(9), 'rows'):\\n"
    "    if item == 4: sys.stdin.read()\\n"
)
def start():
    return subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE)
"""
CELLS = {
    "prepare": PREPARE,
    "loop": "for item in headway.track(range(9), 'pages'):\n    if item in (3, 6): show(2)",
    "nothing": "print(1)",
    "operation": "with headway.operation('Install') as op, op.stage('Fetch', total=9) as fetch:\n"
    "    fetch.advance(4)\n    show(1)\n    fetch.advance(5)",
    "tqdm": "for item in tqdm(range(9), 'bar'):\n    if item == 4: show(1)",
    "failed": "for item in headway.track(range(9), 'bad'):\n"
    "    if item == 4: show(1); raise ValueError('row 4 is bad')",
    "interrupted": "for item in headway.track(range(9), 'long'):\n"
    "    if item == 4: show(1); raise KeyboardInterrupt",
    "short": "for item in headway.track(range(3), 'short'): pass",
    "brief": "for item in headway.track(range(9), 'brief', leave=False):\n"
    "    if item == 4: show(1)",
    "inside": "with headway.operation('Parent'):\n    one = start()\n    shows('rows 4/9')\n"
    "    one.communicate()",
    # So long that on any other terminal it would leave a receipt.
    "beside": "for item in headway.track(range(9), 'first'):\n    if item == 4: show(1)\n"
    "one = start()\nshows('python: rows')\ntime.sleep(.6)\none.communicate()\n"
    "shows('✓ python: rows')",
    "command": f"!{sys.executable} -m headway run --name Wait -- sleep 0.6",
}


class Run:
    """The one run, and what the terminal got meanwhile that the server was started from."""

    def __init__(self, machine):
        ours, theirs = pty.openpty()
        printed = bytearray()
        environ = {
            "HOME": machine.folder,
            "IPYTHONDIR": machine.path("ipython"),
            "JPY_SESSION_NAME": "/home/a/study.ipynb",
            "TERM": "xterm-256color",
        }
        reader = threading.Thread(target=read_all, args=(ours, printed), daemon=True)
        try:
            page = machine.python(
                PAGE,
                environ=environ,
                stdin=subprocess.PIPE,
                stderr=theirs,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),
            )
        finally:
            os.close(theirs)
        reader.start()
        out, _ = page.communicate(json.dumps(list(CELLS.values())), timeout=300)
        reader.join(30)
        os.close(ours)
        self.terminal = printed.decode()
        self._cells = dict(zip(CELLS, json.loads(out)))

    def told(self, cell):
        """What a cell has shown, one after the other: (kind, data)."""
        return self._cells[cell]["told"]

    def displays(self, cell):
        """The data of the displays that a cell is left with."""
        outputs = self._cells[cell]["outputs"]
        return [one["data"] for one in outputs if one["output_type"] == "display_data"]

    def receipts(self, cell):
        """Their texts."""
        return [data["text/plain"] for data in self.displays(cell)]

    def pictures(self, cell):
        """The texts that a cell has shown, one after the other."""
        return [data["text/plain"] for _, data in self.told(cell)]

    def printed(self, cell):
        """What a cell has printed."""
        outputs = self._cells[cell]["outputs"]
        return "".join(one["text"] for one in outputs if one["output_type"] == "stream")


def read_all(terminal, printed):
    """Read what is printed on a terminal until everybody has left it."""
    try:
        while data := os.read(terminal, 65536):
            printed += data
    except OSError:
        pass


@pytest.fixture(scope="module")
def run():
    machine = Machine()
    try:
        yield Run(machine)
    finally:
        machine.close()


def names(texts):
    return [text.split("  ")[0] for text in texts]


def test_a_loop_is_a_live_bar_in_its_cell(run):
    first, *rest = run.told("loop")
    assert first[0] == "display_data"
    assert {kind for kind, _ in rest} == {"update_display_data"}
    open_ones = [data for _, data in (first, *rest) if "/9" in data["text/plain"]]
    assert open_ones
    assert all('role="progressbar"' in data["text/html"] for data in open_ones)


def test_it_ends_with_its_receipt(run):
    (shown,) = run.displays("loop")
    assert re.fullmatch(r"✓ study\.ipynb: pages  9 in .*", shown["text/plain"])
    assert "✓" in shown["text/html"]


def test_a_cell_without_a_report_shows_nothing(run):
    assert not run.displays("nothing")


def test_every_picture_is_whole_so_a_page_that_comes_later_misses_none(run):
    assert len(run.told("loop")) > 2
    for _, data in run.told("loop"):
        assert "study.ipynb: pages" in data["text/plain"]
        assert "study.ipynb: pages" in data["text/html"]


def test_a_picture_tells_the_time_that_it_is_of(run):
    assert re.search(r"as of \d\d:\d\d:\d\d$", run.pictures("loop")[0])


def test_an_operation_is_shown(run):
    assert names(run.receipts("operation")) == ["✓ Install"]
    assert any("Fetch" in text or "4/9" in text for text in run.pictures("operation"))


def test_a_bar_of_tqdm_is_shown_and_tqdm_draws_none(run):
    assert names(run.receipts("tqdm")) == ["✓ study.ipynb: bar"]
    assert run.printed("tqdm") == ""


def test_a_loop_that_an_exception_leaves_says_failed(run):
    (text,) = run.receipts("failed")
    assert re.fullmatch(r"✗ study\.ipynb: bad  failed after .*\n  row 4 is bad", text)


def test_a_loop_in_an_interrupted_cell_says_so(run):
    (text,) = run.receipts("interrupted")
    assert re.fullmatch(r"⊗ study\.ipynb: long  interrupted after .*, stopped at 4 of 9", text)


def test_what_ends_at_once_leaves_nothing(run):
    assert run.receipts("short") == []


def test_what_is_not_to_stay_leaves_an_empty_display(run):
    assert set(run.receipts("brief")) == {""}


def test_child_processes_stand_below_the_operation_that_they_are_part_of(run):
    assert names(run.receipts("inside")) == ["✓ Parent"]
    assert any(re.search(r"Parent .*\n  rows 4/9", text) for text in run.pictures("inside"))


def test_other_child_processes_have_a_bar_of_their_own(run):
    assert names(run.receipts("beside")) == ["✓ study.ipynb: first", "✓ python: rows"]


def test_nothing_is_drawn_in_the_kernels_own_terminal(run):
    assert "study.ipynb" not in run.terminal
    assert "rows" not in run.terminal
    assert not re.search(r"\x1b\[[0-9;?]*[A-HJKrsuhl]", run.terminal)


def test_a_command_in_a_cell_moves_no_cursor(run):
    assert not re.search(r"\x1b\[[0-9;?]*[A-HJKrsuhl]", run.printed("command"))
