"""MCP: how long `headway mcp` takes to answer its first request.

By turns with an interpreter that imports what the server stands on, and ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Callable

from benches.report import Check, Report, Row, interleave, net, summarize
from benches.sandbox import Sandbox

IMPORTS = "import anyio, mcp_types, mcp.server.lowlevel, mcp.server.stdio"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    answered: list[bool] = []
    with Sandbox() as sandbox:

        def imports() -> float:
            begun = time.perf_counter()
            sandbox.python("-c", IMPORTS).wait()
            return time.perf_counter() - begun

        def answer() -> float:
            begun = time.perf_counter()
            server = sandbox.headway("mcp", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            server.stdin.write(json.dumps(HELLO).encode() + b"\n")
            server.stdin.flush()
            answered.append(b'"result"' in server.stdout.readline())
            waited = time.perf_counter() - begun
            sandbox.end(server)
            return waited

        cases: dict[str, Callable[[], float]] = {"imports": imports, "answer": answer}
        for case in cases.values():  # the first import writes the byte code
            case()
        samples = interleave(cases, 2 if quick else 15)
    above = net(samples["answer"], samples["imports"])
    rows = [
        Row("Python, with the package mcp imported", summarize(samples["imports"]), "s"),
        Row("`headway mcp` answers `initialize`", summarize(above), "s above", at_most=0.15),
    ]
    notes = [f"Python {sys.version_info[0]}.{sys.version_info[1]}; wall time, by turns."]
    checks = [Check("each `headway mcp` answered", all(answered))]
    return Report("mcp", "`headway mcp`", rows, notes, checks, [])
