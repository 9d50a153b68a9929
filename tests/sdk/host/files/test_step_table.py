import pytest
from showcase import operation, stage

from headway.host.files import step_table


@pytest.fixture
def summary(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "summary.md"


def ended(identity, name):
    made = operation(identity, name, "completed", started=-5.0, ended=0.0)
    stage(made, "Fetch", "completed", started=-5.0, ended=0.0)
    return made


def test_each_operation_is_told_once_whoever_tells_it(summary):
    summary.write_text("# of another step\n")
    one, other = ended("a", "make"), ended("b", "deploy")
    step_table.append(str(summary), [one], {"a": {"usual": {"median": 9.0}}})
    step_table.append(str(summary), [one, other])
    told = summary.read_text()
    assert told.startswith("# of another step\n**make** 5 s\n")
    assert told.count("**make**") == 1
    assert told.count("**deploy**") == 1
    assert told.index("**make**") < told.index("**deploy**")
    assert "| **all of it** | **5 s** | **9 s** |" in told


def test_without_a_runtime_directory_it_is_told_all_the_same(summary, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", "/dev/null/nowhere")
    step_table.append(str(summary), [ended("a", "make")])
    assert "**make** 5 s" in summary.read_text()


def test_nothing_is_made_where_nothing_has_ended(summary):
    step_table.append(str(summary), [])
    assert not summary.exists()


def test_the_file_is_the_one_of_the_environment():
    assert step_table.path({"GITHUB_STEP_SUMMARY": "/x"}) == "/x"
    assert step_table.path({"GITHUB_STEP_SUMMARY": ""}) is None
    assert step_table.path({}) is None
