"""`headway run -- CMD`: start a command, relay its streams, parse its output into progress."""

from __future__ import annotations
