import pytest
from showcase import operation, stage

from headway.formatting import theme
from headway.formatting.receipt import receipt_line

PLAIN = theme.make(ascii_only=False, coloured=False)


@pytest.mark.parametrize(
    ("state", "receipt"),
    [
        ("completed", "✓ build.py: Compile  1,200 in 23 s"),
        ("failed", "✗ build.py: Compile  failed after 23 s, exit 2"),
        ("cancelled", "⊗ build.py: Compile  cancelled after 23 s"),
    ],
)
def test_a_receipt_says_what_became_of_it(state, receipt):
    made = operation("b11", "build.py: Compile", state, started=-23.0, ended=0.0)
    made.exit_status = 2 if state == "failed" else None
    stage(made, "Compile", state, done=1200, total=1200, started=-23.0, ended=0.0)
    assert PLAIN.paint(receipt_line(made, PLAIN, 79)) == receipt


def test_the_name_is_not_lost_in_a_receipt_with_a_long_reason():
    made = operation("a", "build.py: Compile", "cancelled", ended=0.0, reason="interrupted " * 9)
    receipt = PLAIN.paint(receipt_line(made, PLAIN, 39))
    assert receipt.startswith("⊗ build")
    assert "cancelled" in receipt


@pytest.mark.parametrize("width", range(40))
def test_a_receipt_is_never_wider_than_its_room(width):
    made = operation("a", "名前 of a build", "failed", ended=0.0)
    assert theme.width(receipt_line(made, PLAIN, width)) <= width


@pytest.mark.parametrize(
    ("state", "reason", "width", "end"),
    [
        ("failed", None, 60, "✗ exit.py: Compile  failed in Compile after 7 s, exit 7"),
        ("failed", None, 45, " failed in Compile, exit 7"),
        ("failed", None, 39, " failed, exit 7"),
        ("cancelled", "by you", 34, " cancelled by you"),
    ],
)
def test_in_a_narrow_place_what_it_took_goes_before_the_exit_status(state, reason, width, end):
    made = operation("a", "exit.py: Compile", state, started=-7.0, ended=0.0, reason=reason)
    stage(made, "Fetch", "completed", started=-7.0, ended=-6.0)
    stage(made, "Compile", state, started=-6.0, ended=0.0)
    made.exit_status = 7 if state == "failed" else None
    assert PLAIN.paint(receipt_line(made, PLAIN, width)).endswith(end)


def test_a_receipt_says_why_where_there_is_room_and_no_output_that_does():
    made = operation(
        "a", "upload", "failed", started=-7.0, ended=0.0, error="no route to host\nat x"
    )

    def said(width, reason=True):
        return PLAIN.paint(receipt_line(made, PLAIN, width, reason=reason))

    assert said(79) == "✗ upload  failed after 7 s: no route to host"
    assert said(40) == "✗ upload  failed after 7 s: no route to…"
    assert said(36) == said(79, reason=False) == "✗ upload  failed after 7 s"
    made.coarser = "a key"  # a command: what it printed stands above
    assert said(79) == "✗ upload  failed after 7 s"


def test_an_exit_status_is_told_once():
    made = operation("a", "exits.py", "failed", started=-2.0, ended=-1.0, error="exit status 3")
    made.exit_status = 3
    told = PLAIN.paint(receipt_line(made, PLAIN, 79, reason=True))
    assert told == "✗ exits.py  failed after 1 s, exit 3"


def test_the_number_of_a_name_is_not_cut_out_of_it():
    made = operation("a", "sync bucket 001 of the archive", "failed", started=-7.0, ended=0.0)
    assert PLAIN.paint(receipt_line(made, PLAIN, 39)).startswith("✗ sync bucket 001")
    made.name = "a long name with the number 7"
    assert PLAIN.paint(receipt_line(made, PLAIN, 39)).partition("  ")[0].endswith("7")
