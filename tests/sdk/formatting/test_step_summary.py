from showcase import installers, operation, stage

from headway.formatting.step_summary import RUN, summary
from headway.run.parsers import generic


def made():
    made = operation("a", "make all", "completed", started=-57.0, ended=0.0)
    stage(made, "Fetch", "completed", started=-57.0, ended=-20.0)
    stage(made, "Check", "completed", started=-20.0, ended=-16.0)
    stage(made, "Deploy", "skipped", started=None)
    return made


def test_each_stage_has_a_row_with_what_it_took_and_what_is_usual():
    answer = {
        "usual": {"median": 32.0},
        "stages": [{"name": "Fetch", "usual": {"median": 12.0}}, {"name": "Check", "usual": None}],
    }
    assert (
        summary([made()], {"a": answer})
        == """\
**make all** 57 s

| stage | took | usual |
| :-- | --: | --: |
| Fetch | 37 s | 12 s |
| Check | 4 s | — |
| Deploy | — | — |
| **all of it** | **57 s** | **32 s** |
"""
    )


def test_on_a_machine_without_history_the_table_has_what_it_took():
    assert "| **all of it** | **57 s** | **—** |" in summary([made()], {})
    npm = installers()[0]
    assert summary([npm], {}).startswith("**npm install** failed in Fetch after 38 s, exit 1")


def test_what_programs_have_told_within_a_command_stands_in_its_table():
    command = operation("a", "sh job.sh", "completed", started=-9.0, ended=0.0)
    stage(command, "Run", "completed", started=-9.0, ended=-8.6)
    one = operation("b", "train", "completed", started=-8.0, ended=-2.0, parent="a")
    stage(one, "Read", "completed", started=-8.0, ended=-6.0)
    stage(one, "Crunch", "completed", started=-6.0, ended=-2.0)
    loop = operation("c", "loop.py", "completed", started=-2.0, ended=0.0, parent="a")
    stage(loop, "Load", "completed", started=-2.0, ended=0.0)
    inside = {"a": [loop, one]}
    usual = {"stages": [{"name": "Read", "usual": {"median": 3.0}}]}
    shown = summary([command], {"b": usual}, lambda name: inside.get(name, []))
    assert shown.splitlines()[4:] == [
        "| train: Read | 2 s | 3 s |",
        "| train: Crunch | 4 s | — |",
        "| loop.py | 2 s | — |",
        "| **all of it** | **9 s** | **—** |",
    ]


def test_the_stage_that_says_nothing_is_the_one_of_the_parsers():
    assert RUN == generic.RUN


def test_without_operations_there_is_none():
    assert summary([], {}) == ""


def test_a_name_is_text_whatever_it_has():
    evil = operation("a", "<script>|x\n# y", "completed", ended=0.0)
    stage(evil, "[a](http://b)|", "completed", ended=0.0)
    shown = summary([evil], {"a": {"stages": [{"name": 3, "usual": "x"}]}})
    assert "\\<script\\>\\|x" in shown
    assert "\\[a\\](http://b)\\|" in shown
    assert len(shown.splitlines()) == 6
