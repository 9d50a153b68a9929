import pytest
from machine import until

import headway
from headway.host import notebook
from headway.reporting.viewers import notebook_viewer
from headway.reporting.viewers.notebook_viewer import MAX_STARTS, START_DELAY, NotebookViewer


@pytest.fixture
def page(monkeypatch):
    """What the displays of a page show, by key, and how often each was shown anew."""
    shown, fresh = {}, []

    def show(key, data, where=None):
        fresh.append((key, where))
        shown[key] = data["text/plain"]
        return True

    monkeypatch.setattr(notebook, "show", show)
    monkeypatch.setattr(
        notebook, "replace", lambda key, data: shown.__setitem__(key, data["text/plain"])
    )
    shown["fresh"] = fresh
    return shown


@pytest.fixture
def viewer(reporter, monkeypatch):
    started = []
    monkeypatch.setattr(
        notebook_viewer.detached_process, "spawn", lambda argv, *_, **__: started.append(argv)
    )
    viewer = NotebookViewer(reporter)
    viewer.started = started
    return viewer


def begun(reporter, clock, name="Work", **options):
    op = headway.operation(name, **options).start()
    reporter.cells[op.id] = name
    clock.advance(1.0)
    return op


def picture(key, text, *, going=True):
    return {"key": key, "open": going, "data": {"text/plain": text, "text/html": text}}


def test_a_viewer_is_started_for_what_lasts(reporter, clock, viewer):
    headway.operation("Work").start()
    viewer.look(clock.advance(START_DELAY / 2))
    assert viewer.started == []
    viewer.look(clock.advance(START_DELAY))
    assert viewer.started[0][1:4] == ["-m", "headway_viewer.terminal", "--cells"]


@pytest.mark.parametrize("options", [{"display": "quiet"}, {"parent": "abc/1"}])
def test_none_is_for_what_is_not_shown(reporter, clock, viewer, options):
    headway.operation("Work", **options).start()
    clock.advance(START_DELAY)
    assert viewer.deadline() is None


def test_viewers_that_leave_at_once_are_not_started_for_ever(reporter, clock, viewer):
    headway.operation("Work").start()
    for _ in range(9):
        viewer.look(clock.advance(START_DELAY))
        until(lambda: not viewer.viewing, "the end of its pipe")
    assert len(viewer.started) == MAX_STARTS


def test_a_picture_is_shown_in_the_cell_where_its_operation_began(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    viewer.take(picture(op.id, "1/9"))
    viewer.take(picture(op.id, "2/9"))
    assert page["fresh"] == [(op.id, "Work")]
    assert page[op.id] == "2/9"


def test_the_end_of_a_cell_shows_the_receipts(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.complete()
    viewer.cell_ended(None)
    assert page[op.id] == "✓ Work  1 s"


def test_a_picture_that_comes_late_does_not_replace_a_receipt(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.fail("no disk")
    viewer.cell_ended(None)
    viewer.take(picture(op.id, "1/9"))
    assert page[op.id] == "✗ Work  failed after 1 s\n  no disk"


def test_what_runs_again_is_shown_again(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.fail("no disk")
    viewer.cell_ended(None)
    op.start()
    viewer.take(picture(op.id, "1/9"))
    assert page[op.id] == "1/9"


def test_what_an_interrupt_has_cancelled_says_so(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.cancel()
    viewer.take(picture(op.id, "", going=False))
    assert page[op.id] == "⊗ Work  cancelled after 1 s"
    viewer.cell_ended(KeyboardInterrupt())
    assert page[op.id] == "⊗ Work  interrupted after 1 s"


def test_what_was_interrupted_in_an_earlier_cell_stays(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.cancel()
    viewer.cell_ended(None)
    viewer.cell_ended(KeyboardInterrupt())
    assert page[op.id] == "⊗ Work  cancelled after 1 s"


def test_what_is_to_leave_nothing_is_blanked(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.model.receipt = False
    viewer.take(picture(op.id, "1/9"))
    op.complete()
    viewer.cell_ended(None)
    assert page[op.id] == ""


def test_an_operation_that_goes_on_after_its_cell_is_shown_on(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    viewer.cell_ended(None)
    viewer.take(picture(op.id, "5/9"))
    assert page["fresh"] == [(op.id, "Work")]
    op.complete()
    viewer.take(picture(op.id, "", going=False))
    assert page[op.id] == "✓ Work  1 s"


def test_the_end_of_child_processes_is_told_by_their_viewer(reporter, clock, viewer, page):
    viewer.take(picture("children", "rows 1/9"))
    viewer.take(picture("children", "✓ rows", going=False))
    assert page["children"] == "✓ rows"
    assert len(page["fresh"]) == 1


def test_cells_are_forgotten_with_what_began_there(reporter, clock, viewer, page):
    op = begun(reporter, clock)
    op.complete()
    viewer.cell_ended(None)
    assert reporter.cells == {}


def test_none_is_started_with_a_workers_key_alone(reporter, clock, viewer, monkeypatch):
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://127.0.0.1:9")
    begun(reporter, clock)
    viewer.look(clock.advance(START_DELAY))
    assert viewer.started == []
    assert viewer.deadline() is None
