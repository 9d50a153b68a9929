"""The screen of `headway top`, as text, against those in tests/golden/top.

With GOLDEN=write in the environment the files are written anew; look at the difference.
"""

import os

import pytest
from screens import Shown
from showcase import about, installers

from headway.formatting import theme
from headway_viewer.top.facts import EarlierRuns

FOLDER = os.path.join(os.path.dirname(__file__), "top")
KEYS = {
    "list": ["down"],
    "tree": ["down", " ", "down", "down", "down"],
    "operation": ["down", "enter"],
    "log": ["end", "l"],
    "help": ["?"],
    "cancelling": ["down", "c"],
    "sorted": ["/", "i", "n", "s", "enter", "s", "s", "S"],
}
OUTPUT = [f"gcc -O2 -c -o build/module{number}.o src/module{number}.c" for number in range(60)]


def known():
    """The installers, and what the broker knows of one of them."""
    operations = installers()
    apt = operations[1]
    apt.usual, apt.estimate = (95.0, 80.0, 120.0, 12), about(60)
    apt.user, apt.host, apt.pid, apt.tty = "ann", "box", 4711, "/dev/pts/3"
    operations[4].usual = (6.0, 5.0, 7.0, 3)
    return operations


@pytest.mark.parametrize(("columns", "lines"), [(40, 12), (80, 24), (200, 60)])
@pytest.mark.parametrize("name", KEYS)
def test_the_screens_that_keys_lead_to(name, columns, lines):
    earlier_runs = EarlierRuns(
        (80.0, 95.0, 101.0, 84.0, 120.0, 93.0), "Unpack takes ×1.6 of its usual 19 s"
    )
    shown = Shown(known(), columns, lines, output=OUTPUT, earlier_runs=earlier_runs)
    shown.press(*KEYS[name])
    check(f"{name}-{columns}x{lines}", shown.lines)


def test_a_terminal_without_the_signs_has_others():
    look = theme.make(ascii_only=True, coloured=False)
    shown = Shown(
        known(), 150, 20, look=look, output=OUTPUT, earlier_runs=EarlierRuns((1.0, 2.0, 4.0))
    )
    shown.press("down", " ")
    check("tree-150x20-ascii", shown.lines)


def check(name, lines):
    shown = "".join(f"{line}\n" for line in lines)
    path = os.path.join(FOLDER, f"{name}.txt")
    if os.environ.get("GOLDEN") == "write":
        os.makedirs(FOLDER, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown)
    with open(path, encoding="utf-8") as file:
        assert shown == file.read()
