"""What tests do better without, at most as often as they do it now: lower a limit, never raise it.

A sleep takes longer than what it waits for, or not long enough: wait for the condition instead
(`machine.until`), hold a program at its standard input, or give it a clock of your own
(`headway.testing`). A private name of the product ties a test to how something is done, when
what is done is all that it should hold.
"""

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).parents[1]
# `sleep(0)` lets others have their turn; a named tuple's methods are public.
SLEEP = re.compile(r"\bsleep\((?!0\))")
PRIVATE = re.compile(
    r"(?<!\bself)(?<!\bcls)\._(?!replace|asdict|make\b|fields|field_defaults|exit)[a-z]"
)


@pytest.mark.once
@pytest.mark.parametrize(("reached_for", "limit"), [(SLEEP, 40), (PRIVATE, 40)])
def test_there_are_no_more_of_them_than_there_were(reached_for, limit):
    found = [
        f"{path.relative_to(TESTS)}:{number}: {line.strip()}"
        for path in sorted(TESTS.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if reached_for.search(line)
    ]
    assert len(found) <= limit, "\n".join(found)
