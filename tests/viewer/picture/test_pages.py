from showcase import NOW, board_of, installers, operation, stage

from headway.formatting import theme
from headway_viewer.picture.browsing import Browsing
from headway_viewer.picture.pages import Pages, listed, stage_lines
from headway_viewer.picture.view import View

THEME = theme.make(ascii_only=False, coloured=False)


FAILED = ["end"]  # of the installers: leads to the one that failed


def page(board, keys, columns=80, lines=12, output=()):
    """The lines of the page that keys lead to."""
    state = Browsing()
    pages = Pages(board, THEME, state)
    pages.output = output
    for key in keys:
        state.press(key, listed(board, state.filter), lines - 2)
    made = pages.picture(View(board, THEME), columns, lines, NOW, None)
    return [THEME.paint(line) for line in made]


def test_the_chosen_one_is_marked_without_colour():
    shown = page(board_of(*installers()), ["down", "down"])
    assert shown[1].startswith("  ▶ apt install postgresql")
    assert shown[2].startswith("> ▶ pip install")


def test_the_list_follows_the_choice():
    board = board_of(*(operation(f"op{n:02}", f"job {n}") for n in range(50)))
    shown = page(board, ["end"], lines=12)
    assert len(shown) == 12
    assert shown[-3].startswith("> ▶ job 49")
    assert page(board, ["home", "down"], lines=12)[2].startswith("> ▶ job 1 ")


def test_the_filter_takes_a_part_of_a_name_or_the_beginning_of_an_id():
    board = board_of(*installers())
    assert len(listed(board, "APT")) == 2
    assert listed(board, "7f3") == ["7f3aaaaaaaaa"]
    assert page(board, ["/", "z", "z"])[1:] == ["no operation has 'zz'", "/zz_"]


def test_the_filter_takes_a_state_and_tells_that_it_does():
    paused = operation("ppp", "failed import", "waiting", reason="paused")
    board = board_of(*installers(), paused, operation("ccc", "y", "crashed", ended=-1.0))
    assert listed(board, "failed") == ["ppp", "7f3aaaaaaaaa"]
    assert listed(board, "state:failed") == listed(board, "STATE:f") == ["7f3aaaaaaaaa"]
    assert listed(board, "state:paused fail") == listed(board, "imp state:pau") == ["ppp"]
    assert listed(board, "state:cr") == ["ccc"]
    assert len(listed(board, "state:")) == len(listed(board, ""))
    assert page(board, ["/", *"state:co"])[1:] == ["nothing is 'state:co'", "/state:co_"]
    hint = "/_  letters of a name, or state:failed; Escape shows all"
    assert page(board, ["/"], columns=60)[-1] == hint
    assert page(board, ["/"])[-1] == hint.replace("; E", "; Tab completes, E")
    assert page(board, ["/"], columns=40)[-1] == "/_  a name, or state:failed"


def test_in_the_list_a_failure_says_why_in_its_row():
    why = "no route to host: mirror.example.org"
    failed = operation("bad", "import", "failed", ended=-1.0, error=why)
    board = board_of(operation("a", "x"), failed)
    assert why in page(board, ["down"])[2]
    assert "after 59 s: no route to host…" in page(board, ["down"], columns=59)[2]


def test_the_list_tells_what_stands_outside_of_it_and_what_of_that_failed():
    jobs = [operation(f"op{n:02}", f"job {n}") for n in range(50)]
    board = board_of(*jobs, operation("bad", "import", "failed", ended=-1.0))
    assert page(board, ["home"])[-2] == "… 42 more below, 1 of them failed"
    assert page(board, ["end"])[-2] == "… 42 more above"
    assert page(board, ["home", *["page down"] * 2])[-2] == "… 16 above, 26 below, 1 of them failed"
    assert page(board, ["home"], lines=4)[-2].startswith("  ▶ job 1")  # no room for it


def test_an_operation_has_its_stages_and_the_last_lines():
    shown = page(board_of(*installers()), [*FAILED, "enter"], output=["x\x1b[2J", "last"])
    assert any(line.startswith("  ✓ Resolve  completed, 10 s") for line in shown)
    assert any(line.startswith("  ✗ Fetch    failed, 28 s") for line in shown)
    assert shown[-3:-1] == ["x␛[2J", "last"]


def test_the_log_is_read_from_its_end():
    output = [f"line {n}" for n in range(100)]
    board = board_of(*installers())
    assert page(board, ["down", "l"], output=output)[-2] == "line 99"
    assert page(board, ["down", "l", "up"], output=output)[-2] == "line 98"
    assert page(board, ["down", "l", *["page up"] * 50], output=output)[2] == "line 0"


def test_a_question_before_a_cancellation_names_the_operation():
    asked = page(board_of(*installers()), ["down", "c"])[-1]
    assert asked == "cancel apt install postgresql? y or n"


def test_the_last_line_has_the_keys_that_do_something():
    program, ended = operation("p", "x"), operation("e", "z", "failed", ended=-1.0)
    command = operation("r", "y", coarser=["k"], cancellable=True)
    shown = {keys: page(board_of(program), keys, columns=100)[-1] for keys in (("/",), ("down",))}
    assert shown["/",].startswith("/_  letters of a name")
    assert shown["down",] == ("up/down choose  Enter open  c cancel  q quit  ? help  / filter")
    assert page(board_of(ended), ["down", "enter"])[-1] == "Escape back  q quit  ? help"
    opened = page(board_of(command), ["down", "enter"])[-1]
    assert opened == "l log  c cancel  p pause  Escape back  q quit  ? help"
    assert page(board_of(command), ["down"], columns=40)[-1] == ("up/down choose  q quit  ? help")


def test_the_header_of_a_filtered_list_counts_what_passes():
    board = board_of(operation("a", "one"), operation("b", "two"), operation("c", "two"))
    assert page(board, ["/", "o", "n"])[0] == "headway  1 running"


def test_stages_stand_below_their_parents_with_bars_where_there_is_room():
    made = operation("a", "build")
    stage(made, "All", done=1, total=4)
    stage(made, "Compile", parent=1, done=3, total=6, unit="files", detail="b.c")
    stage(made, "Link", "pending", started=None)
    wide = [THEME.paint(line) for line in stage_lines(made, THEME, 80, NOW)]
    assert wide[1].startswith("    ▶ Compile ━━━━━━━━━━──────────  3/6 files, 30 s, b.c")
    assert wide[2] == "  · Link                           pending" or wide[2].endswith("  pending")
    narrow = [THEME.paint(line) for line in stage_lines(made, THEME, 39, NOW)]
    assert narrow[1] == "    ▶ Compile  3/6 files, 30 s, b.c"


def test_the_header_of_a_page_counts_what_the_picture_before_it_did():
    early = [
        operation(f"e{n:02}", f"old {n}", "failed", started=-900.0, ended=-800.0) for n in range(20)
    ]
    board = board_of(*early, *installers())
    before = THEME.paint(View(board, THEME).picture(80, 12, NOW)[0])
    assert "3 failed" in before
    assert page(board, ["?"])[0] == before
    assert "21 failed" in page(board, ["down"])[0]
