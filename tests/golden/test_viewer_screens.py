"""Whole screens, as a terminal shows them, against those in tests/golden/viewer.

With GOLDEN=write in the environment the files are written anew; look at the difference.
"""

import os
import pathlib
import re

import pyte
import pytest
from showcase import NOW, about, board_of, installers, operation, stage

from headway.formatting import theme
from headway_viewer.display.block import Block
from headway_viewer.display.plain import PlainRenderer
from headway_viewer.picture.board import Board
from headway_viewer.picture.browsing import Browsing
from headway_viewer.picture.pages import Pages, listed
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes

FOLDER = os.path.join(os.path.dirname(__file__), "viewer")
SIZES = [(80, 24), (40, 12), (120, 50), (20, 6)]


def ended():
    operations = installers()
    for made in operations:
        for part in made.stages.values():
            if part.open:
                part.state, part.ended = "completed", NOW
        if made.open:
            made.state, made.ended = "completed", NOW
    operations[3].state, operations[3].reason = "cancelled", "by you"
    return operations


def crowd():
    operations = installers()
    for number in range(40):
        made = operation(f"q{number:02}aaaaaaaaa", f"compile module {number}")
        made.progress = number / 50
        made.estimate = about(30 + number)
        stage(made, "objects", done=number, total=50, unit="files")
        stage(made, "link", "pending", started=None)
        operations.append(made)
    import_ = operation("imp", "import rows")
    import_.silent_since = NOW - 12
    operations.append(import_)
    for state in ("completed", "crashed", "cancelled", "pending"):
        started = None if state == "pending" else -40.0
        operations.append(
            operation(
                f"{state[:3]}bbbbbbbbb", f"job that {state}", state, started=started, ended=-5.0
            )
        )
    return operations


def hostile():
    evil = "\x1b[2J\x1b]0;t\x07\u202eevil\u202c\x9b31m[bold]\n日本語" + "e\u0301\u0301\u0301\u0301"
    made = operation("evil", evil, progress=0.5)
    stage(made, evil, done=1, total=3, unit=evil, detail=evil)
    stage(made, evil, "pending", started=None)
    broken = operation(
        "fail", "wide 日本語日本語日本語日本語日本語日本語 name", "failed", ended=-1.0
    )
    broken.error = evil * 5
    broken.tail = [evil, "x" * 5000]
    return [made, broken]


def held():
    """What waits: for a lock, for a person, in a stage; and what went back."""
    upgrade = operation("2c9aaaaaaaaa", "apt upgrade", progress=0.54, estimate=about(60))
    stage(upgrade, "Unpack", done=21, total=38, detail="postgresql-15")
    stage(upgrade, "Configure", "pending", started=None)
    nginx = operation("e01aaaaaaaaa", "apt install nginx", "waiting", started=-42.0)
    nginx.reason, nginx.holder = "the dpkg lock, held by process 4242 (apt)", upgrade.id
    remove = operation("c77aaaaaaaaa", "apt remove exim4", "waiting", started=-9.0)
    remove.reason = "an answer: Do you want to continue? [Y/n]"
    setup = operation("b11aaaaaaaaa", "setup.sh", progress=0.3)
    stage(setup, "Download", "completed", ended=-5.0, done=5e6, total=5e6, unit="B")
    stage(setup, "Configure", "waiting", reason="an answer: which disk?")
    mirror = operation("7f3aaaaaaaaa", "mirror.py", progress=0.25, estimate=about(120))
    stage(mirror, "Copy", done=25e6, total=100e6, unit="B")
    stage(mirror, "Check", "pending", started=None)
    return [upgrade, nginx, remove, setup, mirror]


PICTURES = {"installers": installers, "crowd": crowd, "hostile": hostile, "held": held}


def screen(lines, columns, rows):
    """The lines as a terminal shows them when a block of them has been drawn."""
    shown = pyte.HistoryScreen(columns, rows, history=100)
    stream = pyte.Stream(shown)
    look = theme.make(ascii_only=False, coloured=True)
    painted = [look.paint(line) for line in lines]
    drawn = Block().frame(painted, [theme.width(line) for line in lines], columns, rows)
    stream.feed(drawn.replace("\x1b[?2026h", "").replace("\x1b[?2026l", ""))
    assert not shown.history.top, "it scrolled"
    assert shown.cursor.y == len(lines), "a line wrapped"
    return "\n".join(line.rstrip() for line in shown.display).rstrip() + "\n"


def check(name, shown):
    path = os.path.join(FOLDER, name + ".txt")
    if os.environ.get("GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown)
    with open(path, encoding="utf-8") as file:
        assert shown == file.read()


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_at_every_size(name, columns, rows, ascii_only):
    look = theme.make(ascii_only=ascii_only, coloured=True)
    board = board_of(*PICTURES[name]())
    if name == "held":
        mirror = board.replica.operations["7f3aaaaaaaaa"]
        board.replica.setbacks.compare_stage(mirror, mirror.stages[1], 25e6, 50e6, NOW)
    lines = View(board, look).picture(columns, rows - 1, NOW)
    shown = screen(lines, columns, rows)
    assert not ascii_only or shown.isascii()
    check(f"{name}-{columns}x{rows}{'-ascii' if ascii_only else ''}", shown)


KEYS = {
    "chosen": ["down"],
    "operation": ["down", "enter"],
    "log": ["end", "l", "up"],
    "help": ["?"],
    "cancelling": ["down", "c"],
}


@pytest.mark.parametrize(("columns", "rows"), [(40, 12), (80, 24), (120, 30)])
@pytest.mark.parametrize("name", KEYS)
def test_the_pages_that_keys_lead_to(name, columns, rows):
    look = theme.make(ascii_only=False, coloured=True)
    board = board_of(*installers())
    state = Browsing()
    pages = Pages(board, look, state)
    pages.output = [f"gcc -O2 -c -o build/module{number}.o src/m.c" for number in range(40)]
    for key in KEYS[name]:
        state.press(key, listed(board, state.filter), rows - 3)
    lines = pages.picture(View(board, look), columns, rows - 1, NOW, None)
    check(f"keys-{name}-{columns}x{rows}", screen(lines, columns, rows))


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_summary_at_every_size(columns, rows):
    look = theme.make(ascii_only=False, coloured=True)
    board: Board = board_of(*ended())
    board.seen = dict.fromkeys(board.replica.operations)
    lines = View(board, look).summary(columns - 1, rows - 2, NOW)
    check(f"summary-{columns}x{rows}", screen(lines, columns, rows))


README = pathlib.Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_the_real_picture():
    look = theme.make(ascii_only=False, coloured=False)
    lines = View(board_of(*installers()), look).picture(80, 24, NOW)
    shown = "\n".join(look.paint(line) for line in lines)
    page = README.read_text("utf-8")
    before, found, after = re.split(r"```\n(headway .*?)\n```", page, maxsplit=1, flags=re.DOTALL)
    if os.environ.get("GOLDEN") == "write":
        README.write_text(f"{before}```\n{shown}\n```{after}", "utf-8")
        found = shown
    assert found == shown


ACCESSIBILITY = pathlib.Path(__file__).parents[2] / "docs" / "accessibility.md"


def test_what_is_read_out_is_what_the_page_on_accessibility_says():
    look = theme.make(ascii_only=False, coloured=False)
    board = board_of(*installers())

    def clock(unix):
        return f"14:{int(unix) // 60 % 60:02}:{int(unix) % 60:02}"

    renderer = PlainRenderer(board, look, clock)
    board.absorb(board.replica.take(), NOW)
    names = list(board.replica.operations)
    lines = renderer.render(Changes(names, [], False, None), None, NOW)
    lines += renderer.render(Changes([], [], False, None), None, NOW + 60)
    for made in board.replica.operations.values():
        if made.open:
            made.state, made.ended = "completed", NOW + 70
            made.reason = made.message = made.holder = None
            for part in made.stages.values():
                part.state, part.ended, part.done = "completed", NOW + 70, part.total
                part.reason = None
    lines += renderer.render(Changes(names, [], False, None), None, NOW + 70)
    lines += renderer.summary(NOW + 70)
    shown = "\n".join(lines)
    page = ACCESSIBILITY.read_text("utf-8")
    before, found, after = re.split(r"```lines\n(.*?)\n```", page, flags=re.DOTALL)
    if os.environ.get("GOLDEN") == "write":
        ACCESSIBILITY.write_text(f"{before}```lines\n{shown}\n```{after}", "utf-8")
        found = shown
    assert found == shown
    signs = set("".join(theme.make(ascii_only=False, coloured=False).signs.values())) - {"-", "?"}
    assert not signs & set(shown), "a sign without a word"
    assert "\x1b" not in shown


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_programs_own_terminal_at_every_size(columns, rows):
    look = theme.make(ascii_only=False, coloured=True)
    _, apt, _, _, build = installers()
    lines = View(board_of(build, apt), look, bare=True).body(columns - 1, rows // 3, NOW)
    assert len(lines) <= rows // 3
    check(f"own-{columns}x{rows}", screen(lines, columns, rows))
