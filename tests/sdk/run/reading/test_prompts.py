from __future__ import annotations

import pytest

from headway.run.reading.prompts import is_prompt, may_ask, question


@pytest.mark.parametrize(
    "line",
    [
        "Do you want to continue? [Y/n]",
        "Proceed (y/n)?",
        "[sudo] password for ann:",
        "Enter passphrase for key '/home/ann/.ssh/id':",
        "Are you sure you want to continue connecting (yes/no/[fingerprint])?",
        "*** aa.conf (Y/I/N/O/D/Z) [default=N] ?",
        "Username for 'https://host':",
        "Press any key to continue",
    ],
)
def test_a_question_is_recognised(line):
    assert is_prompt(line)


@pytest.mark.parametrize(
    "line", ["", "Compiling x", "42%", "password changed", "Reading package lists...", "x" * 1000]
)
def test_a_line_under_way_is_no_question(line):
    assert not is_prompt(line)


@pytest.mark.parametrize("line", ["(Pdb) ", ">>> ", "Enter a number: ", "fortfahren? [J/n] ", "#?"])
def test_what_ends_as_prompts_do_may_ask(line):
    assert may_ask(line)


def test_a_question_is_the_unfinished_line_or_a_last_one_that_asks():
    assert question("name:", "Loading") == "name:"
    assert question("", "Continue? [Y/n]") == "Continue? [Y/n]"
    assert question("", "Loading") == ""
