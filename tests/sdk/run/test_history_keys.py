"""Keys of commands: equal for equal commands of one user, and telling nobody anything."""

import pytest

from headway.run.history_keys import keys_of
from headway.run.reading.command_line import parse_command_line


@pytest.fixture(autouse=True)
def _state(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("HEADWAY_HISTORY", raising=False)


def keys(line, name=None):
    return keys_of(parse_command_line(line.split()), name, terminal=False)


def test_a_name_changes_no_key():
    first, named = keys("tar -xf a.tar"), keys("tar -xf a.tar", "Unpack")
    assert (first.key, first.coarser) == (named.key, named.coarser)
    assert named.former == "Unpack"


def test_another_secret_makes_other_keys(tmp_path):
    first = keys("tar -xf a.tar")
    (tmp_path / "secret").unlink()
    second = keys("tar -xf a.tar")
    assert not {first.key, *first.coarser} & {second.key, *second.coarser}


def test_arguments_are_in_no_key():
    found = keys("tar -xf hunter2.tar")
    assert "hunter2" not in repr(found)
    assert all(len(key) == 20 and int(key, 16) >= 0 for key in (found.key, *found.coarser))


@pytest.mark.parametrize(
    ("line", "former"),
    [
        ("apt install nginx", "apt install nginx"),
        ("backup", "backup"),
        ("tar -x", None),
        ("python a.py", None),
        ("make", None),
        ("./a.sh", None),
    ],
)
def test_an_old_name_counts_only_where_it_says_what_the_command_does(line, former):
    assert keys(line).former == former


def test_without_history_there_is_no_key(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_HISTORY", "off")
    assert keys("tar -x") is None
    assert not list(tmp_path.iterdir())
