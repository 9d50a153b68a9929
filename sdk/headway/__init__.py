"""Report the progress of a program to the one broker of its user."""

from __future__ import annotations

__version__ = "0.1.0"
