import pytest

from headway.run.supervision.plan import Plan


def plan(*argv, name=None):
    return Plan(list(argv), f"/usr/bin/{argv[0]}", name, None, None)


@pytest.mark.parametrize("program", ["make", "./configure", "/opt/bin/ninja"])
def test_a_command_without_a_special_form_needs_no_table_of_tools(program):
    assert plan(program, "all").is_plain


@pytest.mark.parametrize("program", ["apt", "/usr/bin/sudo", "python3.12", "pip3", "pypy"])
def test_a_wrapper_or_a_tool_with_a_form_of_its_own_is_not_plain(program):
    assert not plan(program, "install").is_plain


def test_an_operation_is_called_by_the_name_given_then_by_its_label_then_by_its_command():
    unnamed = plan("apt", "install", "nginx")
    assert unnamed.operation_name() == "apt install nginx"
    unnamed.called = "web"
    assert unnamed.operation_name() == "web"
    assert plan("apt", "install", "nginx", name="Server").operation_name() == "Server"


def test_history_keys_are_made_once(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    made = plan("make", "all")
    keys = made.history_keys()
    assert keys is not None
    assert made.history_keys() is keys
