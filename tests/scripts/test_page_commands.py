"""Each `headway` command that a page shows is one that there is, with options that it takes."""

from __future__ import annotations

import contextlib
import functools
import io
import re

import pytest
from source_packages import ROOT

from headway.commands import table

pytestmark = pytest.mark.once

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
# In a line of a block: at its beginning, or behind what runs it or pipes to it.
SHOWN = re.compile(r"(?:^|[|&(] *|sudo |\$\()headway ([a-z].*)")
REST = re.compile(r" -- | ::: | [|&]| *#")  # another command's words, or a comment


def commands(page):
    """The words behind `headway` in code and in blocks of a page."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = [one for block in blocks for line in block.splitlines() for one in SHOWN.findall(line)]
    without = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found += [" ".join(one.split()) for one in re.findall(r"`headway ([a-z][^`]*)`", without)]
    return [REST.split(one, maxsplit=1)[0] for one in found]


@functools.lru_cache(maxsize=None)
def options(verb):
    """The options that the help of a verb names; none of `help`, which is no verb of the table."""
    if verb not in table.VERBS:
        return set()
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        table.load(verb)(["--help"])
    return {"--help", *re.findall(r"--[a-z][a-z-]*", shown.getvalue())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_are_there_with_their_options(page):
    wrong = []
    for words in commands(page):
        verb, *rest = words.split()
        named = {one for word in rest for one in re.findall(r"^--[a-z][a-z-]*", word)}
        if verb not in {*table.VERBS, "help"} or named - options(verb):
            wrong.append(words)
    assert wrong == []


def test_commands_are_found_in_blocks_and_in_sentences():
    assert "ps" in {words.split()[0] for words in commands(ROOT / "README.md")}
    assert "uninstall" in commands(ROOT / "README.md")
    assert sum(len(commands(page)) for page in PAGES) > 200
