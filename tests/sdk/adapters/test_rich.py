"""rich.progress's interface, reported."""

import contextlib
import io

import pytest
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

import headway
from headway.adapters import rich as rich_adapter
from headway.adapters.rich import Progress, track, wrap_file
from headway.api.track import script
from headway.testing import reporting


@pytest.fixture
def reporter():
    with reporting() as reporter:
        yield reporter


def test_a_progress_is_an_operation_and_its_tasks_are_stages(reporter):
    with Progress("column", transient=True) as progress:
        whole = headway.current()
        first = progress.add_task("Download", total=10)
        second = progress.add_task("Wait", total=None, start=False)
        progress.advance(first, 4)
        progress.update(first, advance=1, description="file 3")
        assert progress.tasks[0].completed == 5
        assert progress.tasks[0].percentage == 50
        progress.update(first, completed=10)
        assert progress.tasks[0].finished
        assert not progress.finished
        progress.start_task(second)
    assert (whole.name, whole.state) == (script(), "completed")
    assert [stage.state for stage in whole.stages] == ["completed", "completed"]
    assert whole.stages[0].model.detail == "file 3"


def test_inside_an_operation_tasks_are_its_stages(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        progress.add_task("Download", total=3)
    assert [stage.name for stage in op.stages] == ["Download"]
    assert op.stages[0].model.reason == "stopped at 0 of 3"


def test_tasks_of_the_same_name_are_tasks_each(reporter):
    with Progress() as progress:
        ids = [progress.add_task("Download", total=1) for _ in range(3)]
        for task in ids:
            progress.advance(task)
        ids.append(progress.add_task("Download", total=1))
        assert len(set(ids)) == 4
        assert progress.task_ids == ids


def test_an_exception_fails_what_is_open(reporter):
    with pytest.raises(ValueError, match="no disk"), Progress() as progress:  # noqa: PT012 - what is left is a block
        whole = headway.current()
        progress.add_task("Download", total=3)
        raise ValueError("no disk")
    assert (whole.state, whole.stages[0].state) == ("failed", "failed")


def test_a_total_that_grows_makes_it_run_on(reporter):
    with Progress() as progress:
        task = progress.add_task("Download", total=2)
        progress.update(task, completed=2)
        progress.update(task, completed=2, total=4)
        assert not progress.finished
        progress.update(task, completed=4)
        assert progress.finished


def test_a_task_can_be_reset_stopped_and_removed(reporter):
    progress = Progress()
    progress.start()
    task = progress.add_task("Download", total=2, completed=1)
    progress.reset(task, total=5)
    assert (progress.tasks[0].completed, progress.tasks[0].total) == (0, 5)
    progress.stop_task(task)
    progress.remove_task(task)
    with pytest.raises(KeyError):
        progress.advance(task)
    progress.stop()


def test_iterating_is_counted(reporter):
    with Progress() as progress:
        assert list(progress.track([1, 2, 3], description="Loop")) == [1, 2, 3]
        (task,) = progress.tasks
        assert (task.finished, task.completed) == (True, 3)
    with headway.operation("Work") as op:
        assert list(track([1, 2], "Loop")) == [1, 2]
    assert op.stages[0].done == 2


def test_what_is_printed_is_printed(reporter, capsys):
    with Progress() as progress:
        progress.console.print("[b]hello[/b]", style="red")
        progress.refresh()
    assert capsys.readouterr().out.startswith("hello\n")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"one\ntwo\nthree\n")
    return path


def test_a_file_that_is_opened_counts_what_is_read(reporter, path):
    with Progress() as progress:
        whole = headway.current()
        with progress.open(path, "rb", description="Load") as file:
            assert file.read(4) == b"one\n"
            assert progress.tasks[0].completed == 4
            assert file.read() == b"two\nthree\n"
    (stage,) = whole.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Load", "completed", 14, 14)
    assert stage.model.unit == "B"


def test_a_file_may_be_read_as_text_and_only_be_read(reporter, path):
    with Progress() as progress:
        with progress.open(path, encoding="ascii") as file:
            assert list(file) == ["one\n", "two\n", "three\n"]
        assert progress.tasks[0].finished
        with pytest.raises(ValueError, match="invalid mode 'w'"):
            progress.open(path, "w")


def test_a_file_of_ones_own_is_counted_and_stays_open(reporter, path):
    with path.open("rb") as file, headway.operation("Work") as op:
        with wrap_file(file, 14, description="Load") as counted:
            assert list(counted) == [b"one\n", b"two\n", b"three\n"]
        assert not file.closed
    assert (op.stages[0].name, op.stages[0].state, op.stages[0].done) == ("Load", "completed", 14)


def test_a_file_that_is_read_in_part_has_stopped_there(reporter, path):
    with headway.operation("Work") as op, rich_adapter.open(path, "rb", description="Load") as file:
        file.read(4)
    assert op.stages[0].model.reason == "stopped at 4 of 14"


def test_a_task_that_is_there_counts_a_file(reporter, path):
    with headway.operation("Work") as op, Progress() as progress:
        task = progress.add_task("Load", total=None)
        with progress.open(path, "rb", task_id=task) as file:
            file.read()
    assert [(stage.name, stage.done, stage.total) for stage in op.stages] == [("Load", 14, 14)]


def test_tasks_are_numbered_from_nothing_as_they_stand_in_the_list(reporter):
    with Progress() as progress:
        numbers = [progress.add_task(name, total=1) for name in ("A", "B", "A")]
        assert numbers == [0, 1, 2] == progress.task_ids
        assert [progress.tasks[number].description for number in numbers] == ["A", "B", "A"]


def test_tasks_of_one_name_after_each_other_are_one_stage_run_again(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        for steps in (2, 3, 4):
            task = progress.add_task("A", total=steps)
            progress.update(task, advance=steps)
        progress.advance(0)
        assert [(task.completed, task.finished) for task in progress.tasks] == [
            (3, True),
            (3, True),
            (4, True),
        ]
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.model.attempt) == ("completed", 4, 3)


def test_a_task_that_is_stopped_short_of_its_total_has_not_finished(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        task = progress.add_task("A", total=10)
        progress.advance(task, 3)
        progress.stop_task(task)
        assert not progress.finished
    assert op.stages[0].model.reason == "stopped at 3 of 10"


def test_a_task_that_is_not_there_is_a_key_error(reporter):
    with Progress() as progress, pytest.raises(KeyError):
        progress.advance(77)


def test_files_of_one_task_are_counted_together(reporter, path):
    with headway.operation("Work") as op, Progress() as progress:
        task = progress.add_task("Load", total=28)
        for _ in range(2):
            with progress.open(path, "rb", total=28, task_id=task) as file:
                file.read()
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 28)


def test_markup_is_not_part_of_a_name(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        task = progress.add_task("[red]Download[/red] [1/3]", total=1)
        progress.update(task, description="[b]a.txt")
        assert progress.tasks[0].description == "[b]a.txt"
    assert (op.stages[0].name, op.stages[0].model.detail) == ("Download [1/3]", "a.txt")


def test_every_name_of_rich_progress_can_be_imported_from_here():
    import rich.progress

    for name in ("BarColumn", "TextColumn", "TaskID", "ProgressSample", "ProgressType"):
        assert getattr(rich_adapter, name) is getattr(rich.progress, name)
    with pytest.raises(AttributeError):
        rich_adapter.__nothing__  # noqa: B018


def test_on_a_console_of_the_caller_it_draws_as_rich_does(reporter):
    console = Console(file=io.StringIO(), force_terminal=True, width=60)
    with Progress(console=console) as progress:
        task = progress.add_task("Download", total=4)
        progress.advance(task, 4)
        progress.console.print("[bold]above[/bold]")
    drawn = console.file.getvalue()
    assert "above" in drawn
    assert "100%" in drawn
    assert "[bold]" not in drawn


def test_a_task_is_written_to_and_counts_on_after_the_block(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        task = progress.add_task(Text("Copy"), total=10)
        progress.tasks[0].completed = 6
        assert progress.tasks[0].percentage == 60
    progress.advance(task, 4)
    assert progress.finished
    assert [(stage.name, stage.model.reason) for stage in op.stages] == [
        ("Copy", "stopped at 6 of 10")
    ]


def test_a_reset_takes_its_arguments(reporter):
    with Progress() as progress:
        whole = headway.current()
        task = progress.add_task("a", total=3)
        progress.advance(task, 3)
        progress.reset(task, total=5, completed=1, description="again")
        assert (progress.tasks[0].completed, progress.tasks[0].description) == (1, "again")
        (stage,) = whole.stages
        assert (stage.state, stage.done, stage.total) == ("running", 1, 5)
        progress.advance(task, 4)
    assert (whole.state, whole.stages[0].state) == ("completed", "completed")


def test_what_is_disabled_is_not_reported(reporter):
    with headway.operation("Work") as op, Progress(disable=True) as progress:
        progress.add_task("a")
        assert list(track([1, 2], disable=True)) == [1, 2]
    assert not op.stages


def test_in_a_display_of_the_programs_own_headway_draws_nothing(reporter):
    console = Console(file=io.StringIO(), force_terminal=True, width=60)
    progress = Progress(console=console)
    progress.add_task("a", total=2)
    whole = headway.current()
    console.print(progress)
    assert whole.model.display is None  # printed once
    with Live(Panel(progress), console=console, auto_refresh=False) as live:
        live.refresh()
    assert whole.model.display == "quiet"
    progress.stop()


def test_a_loop_that_is_left_has_stopped_where_it_was(reporter):
    with headway.operation("Work") as op, Progress() as progress:
        for item in progress.track(range(9), description="Loop"):
            if item == 3:
                assert progress.tasks[0].completed == 3
                break
    assert op.stages[0].model.reason == "stopped at 3 of 9"


@pytest.mark.parametrize("body", [False, True])
@pytest.mark.parametrize("by", ["track", "Progress.track"])
def test_where_an_iterable_raises_what_it_handed_out_before_is_done(reporter, by, body):
    def items():
        yield from range(3)
        raise OSError("no disk")

    def work():
        console = Console(file=io.StringIO())
        if by == "track":
            return track(items(), "Rows", 9, console=console)
        progress = Progress(console=console)
        progress.start()
        return progress.track(items(), 9, description="Rows")

    with contextlib.suppress(OSError):
        for item in work():
            if body and item == 2:
                raise OSError("no disk")
    (entry,) = reporter.publisher.operations.values()
    reporter.judge_open()
    assert [stage.done for stage in entry.model.stages.values()] == [2 if body else 3]
