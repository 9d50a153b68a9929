"""The path of the user's own tables of lines, without what reads them."""

from __future__ import annotations

import os


def tables_path() -> str:
    """Return the path of the user's file of tables."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(config, "headway", "tools.toml")
