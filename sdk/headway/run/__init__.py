"""`headway run -- CMD`: the child process and one pure line parser a tool."""

from __future__ import annotations
