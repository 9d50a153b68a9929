"""Where the user's own tables of lines are."""

from __future__ import annotations

import pytest

from headway.run.tables_file import tables_path


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"XDG_CONFIG_HOME": "/etc/mine", "HOME": "/home/ada"}, "/etc/mine/headway/tools.toml"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/home/ada"}, "/home/ada/.config/headway/tools.toml"),
    ],
)
def test_they_are_in_the_configuration_folder(monkeypatch, variables, path):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tables_path() == path
