import io

from rich.console import Console
from rich.table import Table

from progress_tracker import ProgressTracker


def test_the_stages_are_a_rich_table_whose_names_are_no_markup():
    tracker = ProgressTracker("x")
    for name in ("[bold]one[/]", "two"):
        tracker.add_stage(name)
    tracker.start_stage(0)
    tracker.complete_stage(0)
    tracker.complete_stage(1, error="[why]")
    made = tracker.render_rich_progress()
    assert isinstance(made, Table)
    out = io.StringIO()
    Console(file=out, width=60).print(made)
    assert "[✓] [bold]one[/]" in " ".join(out.getvalue().split())
    assert "(failed: [why])" in out.getvalue()


def test_the_table_has_the_colours_of_the_theme():
    tracker = ProgressTracker("x")
    tracker.complete_stage(tracker.add_stage("one"))
    tracker.complete_stage(tracker.add_stage("two"), error="why")
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=True, color_system="standard", _environ={})
    console.print(tracker.render_rich_progress())
    assert "\x1b[32m[✓]" in out.getvalue()
    assert "\x1b[31m[✗]" in out.getvalue()
