from __future__ import annotations

import pytest

from headway.run.parsers.registry import PARSERS
from headway.run.parsers.signatures import _SIGNATURES, tool_of_line


@pytest.mark.parametrize(
    "line",
    ["Collecting garbage now", "Get: 3 apples", "Downloading x.whl", "make it so", "1 bytes", ""],
)
def test_a_line_that_others_print_too_is_nobodys(line):
    assert tool_of_line(line) in (None, "pip" if line.startswith("Collecting") else None)


def test_every_signature_is_a_known_tools():
    assert set(_SIGNATURES) <= set(PARSERS)
