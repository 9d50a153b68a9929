"""`headway mcp` by the official client, and by a client that sends what it should not."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys

import pytest
from machine import HEADWAY, until
from sandbox import let_go

anyio = pytest.importorskip("anyio", reason="the package mcp needs Python 3.10")
HAS_MCP = importlib.util.find_spec("mcp") is not None
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not HAS_MCP, reason="the package mcp needs Python 3.10"),
]


def asked(sandbox, talk, *options):
    """What `talk(client)` returns, of a client of `headway mcp`."""
    import mcp  # which takes two seconds, and whoever collects the tests imports this file
    from mcp.client import stdio as client_stdio

    async def go():
        server = mcp.StdioServerParameters(
            command=sys.executable, args=["-m", "headway", "mcp", *options], env=sandbox.environ
        )
        async with mcp.Client(client_stdio.stdio_client(server)) as client:
            return await talk(client)

    return anyio.run(go)


def viewers(sandbox):
    return json.loads(sandbox.headway("broker", "status", "--json").stdout)["viewers"]


def text_of(result):
    return result.content[0].text


def test_an_agent_waits_for_a_question_then_for_the_end(sandbox):
    # One test for all tools: a server takes a second to start.
    program = sandbox.held("Install PostgreSQL", then="op.fail('no disk')")
    asking = sandbox.held("Ask", first="op.wait('input: Continue? [Y/n]')")

    async def talk(client):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        listed = text_of(await client.call_tool("list", {}))
        question = text_of(await client.call_tool("wait", {"op": "Ask", "until": "input"}))
        os.kill(asking.pid, signal.SIGSTOP)
        stalled = text_of(await client.call_tool("wait", {"op": "Ask", "until": "stalled"}))
        os.kill(asking.pid, signal.SIGCONT)
        waited = await client.call_tool("wait", {"op": "Install PostgreSQL", "seconds": 0.2})
        unknown = await client.call_tool("wait", {"op": "nothing of that name"})
        wrong = await client.call_tool("wait", {"until": "end"})
        refused = await client.call_tool("cancel", {"op": "Ask"})
        estimate = text_of(await client.call_tool("estimate", {"op": "Ask"}))

        async with anyio.create_task_group() as group:
            ends = []

            async def end():
                ends.append(await client.call_tool("wait", {"op": "Install PostgreSQL"}))

            group.start_soon(end)
            await anyio.to_thread.run_sync(let_go, program)
        why = text_of(await client.call_tool("why", {"op": "Install PostgreSQL"}))
        said = tools, listed, question, stalled
        return (*said, waited, unknown, wrong, refused, estimate, ends[0], why)

    tools, listed, question, stalled, waited, unknown, wrong, refused, estimate, end, why = asked(
        sandbox, talk
    )
    assert tools == {"list", "wait", "estimate", "tail", "why"}
    assert "running 'Install PostgreSQL'" in listed
    assert "Continue?" in question
    assert "stopped" in stalled
    assert "not yet" not in stalled
    assert "waited 0.2 s, not yet: end" in text_of(waited)
    assert unknown.is_error
    assert "Install PostgreSQL" in text_of(unknown), "it says what there is"
    assert wrong.is_error
    assert refused.is_error, "cancel is offered by --allow-cancel alone"
    assert estimate.startswith("remaining: ")
    assert text_of(end).startswith("failed: Install PostgreSQL")
    assert "no disk" in why
    let_go(asking)


def test_a_wait_tells_how_far_it_is_and_one_that_is_given_up_ends_alone(sandbox):
    program = sandbox.held("Work", first="op.stage('Copy', total=10).start().advance(3)")
    told = []

    async def talk(client):
        async def hear(progress, total, message):
            told.append((progress, total, message))
            scope.cancel()

        with anyio.CancelScope() as scope:
            await client.call_tool("wait", {"op": "Work"}, progress_callback=hear)
        return text_of(await client.call_tool("list", {}))

    listed = asked(sandbox, talk)
    assert "running 'Work'" in listed, "the next request is answered"
    [(waited, total, message)] = told
    assert 0 < waited < total == 60
    assert "3/10" in message
    let_go(program)


def test_a_wait_outlives_the_broker(sandbox):
    program = sandbox.held("Work")

    async def talk(client):
        ends = []

        async def end():
            ends.append(await client.call_tool("wait", {"op": "Work"}))

        async with anyio.create_task_group() as group:
            group.start_soon(end)
            await anyio.to_thread.run_sync(until, lambda: viewers(sandbox), "the one who waits")
            os.kill(sandbox.serving(), signal.SIGKILL)
            await anyio.to_thread.run_sync(let_go, program)
        return ends[0]

    assert text_of(asked(sandbox, talk)).startswith("completed: Work")


def test_cancel_is_offered_where_it_is_allowed(sandbox):
    program = sandbox.held("work.sh")

    async def talk(client):
        elsewhere = await client.call_tool("cancel", {"op": "sh /elsewhere/work.sh"})
        assert elsewhere.is_error, "it may be another folder's"
        return await client.call_tool("cancel", {"op": "work.sh", "reason": "wrong branch"})

    assert not asked(sandbox, talk, "--allow-cancel").is_error
    program.communicate(timeout=20)
    (made,) = sandbox.operations()
    assert made["state"] == "cancelled"


def test_what_is_no_request_stops_nothing(sandbox):
    server = sandbox.spawn(*HEADWAY, "mcp", stdin=subprocess.PIPE)

    def call(number, method, params):
        line = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        server.stdin.write(json.dumps(line) + "\n")
        server.stdin.flush()

    def answer(number):
        for line in server.stdout:
            said = json.loads(line)
            if said.get("id") == number:
                return said
        raise AssertionError(server.stderr.read())

    call(
        1,
        "initialize",
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    )
    assert "result" in answer(1)
    server.stdin.write('{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
    server.stdin.write("this is no JSON\n")
    server.stdin.write('{"jsonrpc": "2.0", "id": 2}\n')
    call(3, "tools/call", {"name": "wait", "arguments": {"op": "x" * 10_000_000}})
    assert answer(3)["result"]["isError"]
    call(4, "no/such", {})
    assert "error" in answer(4)
    call(5, "tools/call", {"name": "list", "arguments": {}})
    assert answer(5)["result"]["content"][0]["text"] == "nothing is running"
    server.communicate(timeout=20)
    assert server.returncode == 0


def test_a_wait_ends_with_three_lines_where_they_are_wanted(sandbox):
    program = sandbox.held("Work")
    wait = sandbox.spawn(*HEADWAY, "wait", "Work", "--brief")
    let_go(program)
    out, _ = wait.communicate(timeout=20)
    firsts = [line.partition(" ")[0] for line in out.splitlines()]
    assert firsts == ["completed:", "no", "took"]
    assert wait.returncode == 0
