"""docs/security.md names a test for each threat: they all exist."""

import os
import re

import pytest
from machine import ROOT


def named():
    with open(os.path.join(ROOT, "docs", "security.md"), encoding="utf-8") as file:
        return sorted(set(re.findall(r"`((?:tests|scripts)/[^`]+)`", file.read())))


@pytest.mark.parametrize("name", named())
def test_what_it_names_exists(name):
    path, _, inside = name.partition("::")
    assert os.path.exists(os.path.join(ROOT, path.split()[0]))
    if inside:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            assert re.search(rf"^(def|class) {inside}\b", file.read(), re.MULTILINE)


def test_every_threat_has_a_test():
    with open(os.path.join(ROOT, "docs", "security.md"), encoding="utf-8") as file:
        promised = re.sub(r"<!-- bench .*?<!-- end -->", "", file.read(), flags=re.DOTALL)
    rows = [line for line in promised.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 15
    assert all("`tests/" in row for row in rows[1:])
