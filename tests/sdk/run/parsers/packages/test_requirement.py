from __future__ import annotations

import pytest

from headway.run.parsers.packages.requirement import REQUIREMENT


@pytest.mark.parametrize("word", ["rich", "rich==15.0", "ruff[all]>=1,<2", "a_b.c~=3.*"])
def test_a_requirement_is_recognized(word):
    assert REQUIREMENT.match(word)


@pytest.mark.parametrize(
    "word", ["https://user:secret@host/x.whl", "./x", "x @ https://host", "-x"]
)
def test_an_address_or_a_path_is_no_requirement(word):
    assert not REQUIREMENT.match(word)
