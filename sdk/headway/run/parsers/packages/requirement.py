"""What a Python requirement looks like on a command line, as pip and uv take it."""

from __future__ import annotations

import re

# No address and no path: those can hold passwords.
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._-]*\])?(?:[=<>!~]=?[A-Za-z0-9.*,=<>!~+_-]+)*$"
)
