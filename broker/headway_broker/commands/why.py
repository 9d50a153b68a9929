"""The command `headway why OP [--json]`: why an operation takes, or took, as long as it does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, NamedTuple

from headway import string_width, text
from headway.commands.arguments import ArgumentParser
from headway.estimate import Run, Usual, duration, usually
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway.lookup import similar_names
from headway.protocol import endpoint
from headway.run.parsers.registry import script_in
from headway.states import COMPLETED, PAUSED, STOPPING, WAITING
from headway_broker.commands import client
from headway_broker.commands.history import history_path
from headway_broker.history import explanation, summary
from headway_broker.history.explanation import Explanation, spent

SCHEMA = 1  # of the JSON; fields are only ever added
USAGE, NONE_SEEN = 2, 4  # exit statuses, as those of the commands that take an OP
STARTS = ("for ", "on ", "until ")  # of reasons that are said as they are
EARLIER = 40  # of the latest runs whose seconds the JSON has
LAST_WIDTH = 200  # cells of the last line that a command printed
ID_LEAST = 3  # characters of the id of an operation that only the history knows
_EXAMPLES = """examples:
  headway why 7f3                        an operation that runs, or has ended, by its id
  headway why "npm install"              the one that runs under a name, or else the latest
  headway why 7f3 --json | jq .verdict
"""


class Case(NamedTuple):
    """An operation, what it took, and the runs to hold it against; `run` is None before it began.

    `reason` tells why it waits, or ended as it did, `printed` is the last line of what broke.

    `unlike`: those runs had other arguments, or were elsewhere: of a coarser key.
    `id` is None for a run that was stored before runs had the id of their operation.
    """

    id: str | None
    name: str
    key: str
    state: str
    run: Run | None
    earlier: list[Run]
    going: bool = False
    open_keys: tuple[str, ...] = ()
    left: float | None = None
    reason: str | None = None
    unlike: bool = False
    printed: str | None = None


class Ambiguous(LookupError):
    """Raised where the word can mean several operations; the text tells which."""


def main(argv: list[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    try:
        case = _case(options.operation)
    except Ambiguous as error:
        return _fail(str(error), USAGE)
    except summary.NoHistory as error:
        return _fail(str(error), 1)
    except NoRuntimeDirectory as error:
        return _fail(str(error), 1)
    if case is None:
        word = text.safe(options.operation)
        told = f"there is no operation {word!r}, and none is remembered"
        close = [repr(text.safe(name)) for name in _similar(options.operation)]
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        return _fail(told + hint, NONE_SEEN)
    found = None
    if case.run is not None:
        found = explanation.explain(
            case.run,
            case.earlier,
            going=case.going,
            open_keys=case.open_keys,
            short=not case.going and case.state != COMPLETED,
            unlike=case.unlike,
        )
    lines = [json.dumps(record(case, found))] if options.json else show(case, found)
    shown = "".join(f"{line}\n" for line in lines)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(shown.encode(encoding, "replace").decode(encoding))
    return 0


def show(case: Case, found: Explanation | None) -> list[str]:
    """Return the lines of the answer: what it took, why, and each stage."""
    name = text.safe(case.name)
    title = f"{name} ({case.id})" if case.id else name
    reason = _reason_lines(case)
    if found is None:
        return [f"{title}: it has not begun", *reason]
    whole = found.whole
    took = spent(whole.seconds)
    if case.going:
        words = f"has run for {took}"
        if case.left is not None:
            words += f", about {duration(case.left)} left"
    elif whole.seconds is None:
        words = "did not succeed"
    else:
        words = f"{case.state} in {took}" if case.state == COMPLETED else case.state
        words += "" if case.state == COMPLETED else f" after {took}"
    if whole.usual is not None:
        words += f"; {_usual(whole.usual, unlike=case.unlike)}"
    lines = [f"{title} {words}", *reason, explanation.verdict(found)]
    table = explanation.lines(found)
    return [*lines, "", *table] if table else lines


def _usual(usual: Usual, *, unlike: bool) -> str:
    """Return "usually 32 s (31 s to 33 s in 3 runs)"; without ends that are the same in words.

    Of runs `unlike` it in their arguments it says so: they are not what it usually takes.
    """
    words = usually(spent(usual.median), usual.runs)
    if unlike:
        words = f"of runs with other arguments, or elsewhere: {spent(usual.median)}"
    if usual.runs == 1:
        return f"{words} (1 run)" if unlike else words
    low, high, runs = spent(usual.low), spent(usual.high), f"{usual.runs} runs"
    return f"{words} ({runs})" if low == high else f"{words} ({low} to {high} in {runs})"


def _reason_lines(case: Case) -> list[str]:
    """Return the line that tells why it waits, or ended as it did, if that is known."""
    if case.printed is not None:
        last = string_width.clip(text.safe(case.printed), LAST_WIDTH)
        return [*([text.safe(case.reason)] if case.reason else []), f"last printed: {last}"]
    if case.reason is None:
        return []
    reason = text.safe(case.reason)
    if case.state != WAITING:
        return [reason]
    if reason == PAUSED:
        return [f"it is paused; `headway resume {case.id}` lets it go on"]
    if reason.startswith(STOPPING):
        return [f"it is {reason}"]
    return [f"it waits {reason}" if reason.startswith(STARTS) else f"it waits for {reason}"]


def record(case: Case, found: Explanation | None) -> dict[str, Any]:
    """Return the answer for JSON; unknown is None."""
    head = {
        "schema": SCHEMA,
        "type": "why",
        "id": case.id,
        "name": case.name,
        "key": case.key,
        "state": case.state,
        "remaining": case.left,
        "reason": case.reason,
        "printed": case.printed,
        "earlier": [one.seconds for one in case.earlier if one.seconds is not None][-EARLIER:],
    }
    return head if found is None else {**head, **explanation.record(found)}


def _case(word: str) -> Case | None:
    """Return what `word` means: to the broker if one runs, or else in the history."""
    facts = _facts(word)
    script = script_in(word)
    if facts and facts.get("operation") is None and not facts.get("ambiguous") and script:
        facts = _facts(script)
    path = history_path()
    if facts is not None and facts.get("ambiguous"):
        told = ", ".join(f"{name} {called} ({state})" for name, called, state in facts["ambiguous"])
        raise Ambiguous(text.safe(f"{word!r} can mean several operations: {told}"))
    if facts is None or facts.get("operation") is None:
        return _remembered(path, word)
    return reported(facts, summary.runs_of_any(path, _keys(facts), facts["operation"]))


def _similar(word: str) -> list[str]:
    """Return the names that may be meant: of operations there are, then of those remembered."""
    facts = _facts(word) or {}
    names = [name for name in facts.get("similar") or [] if isinstance(name, str)]
    rows = summary.known(history_path())
    return similar_names([*names, *(row.name for row in rows)], word, script_in(word))


def _keys(facts: dict[str, Any]) -> list[str]:
    """Return the history keys of the operation, the finest first."""
    return [key for key in (facts["key"], *facts["coarser"], facts["former"]) if key is not None]


def reported(facts: dict[str, Any], runs: list[summary.Dated]) -> Case:
    """Return the case of an operation that the broker knows, from its facts and stored runs."""
    name, ended = facts["operation"], facts["ended"]
    own = [one for one in runs if one.operation == name]
    taken = None if facts["run"] is None else Run.from_dict(facts["run"])
    if own and own[-1].run.seconds is not None:
        taken = own[-1].run  # it knows what was waited
    others = [one for one in runs if one.operation != name]
    unlike = bool(others) and not {one.key for one in others} & {facts["key"], facts["former"]}
    if own:
        # By their order: what is reported late, as by a short program, is dated by its arrival.
        earlier = [one.run for one in others if one.number < own[-1].number]
    else:
        earlier = [one.run for one in others if not ended or one.ended <= ended]
    estimate = facts["estimate"]
    return Case(
        name,
        facts["name"],
        facts["key"],
        facts["state"],
        taken,
        earlier,
        ended is None,
        tuple(facts["going"]),
        None if estimate is None else estimate[1],
        facts.get("reason"),  # absent of an older broker
        unlike,
        facts.get("printed"),  # as above
    )


def _remembered(path: str, word: str) -> Case | None:
    """Return the case of a run that only the history has: by the id of its operation, or a name."""
    by_id = summary.runs_of_operation(path, word.lower()) if len(word) >= ID_LEAST else []
    names = sorted({str(one.operation) for one in by_id})
    if len(names) > 1:
        raise Ambiguous(f"{text.safe(word)!r} can mean {len(names)} runs: {', '.join(names[:5])}")
    if by_id:
        own, key, name = by_id[-1], by_id[-1].key, by_id[-1].name
        runs = [one for one in summary.runs_like(path, key) if one.number < own.number]
    else:
        rows = summary.find(summary.known(path), word)
        if not rows:
            return None
        if len(rows) > 1:
            ids = ", ".join(row.id for row in rows)
            raise Ambiguous(
                f"{len(rows)} operations are called {text.safe(word)!r}: name one by its id, {ids}"
            )
        *runs, own = summary.runs_like(path, rows[0].key)
        key, name = rows[0].key, rows[0].name
    state = "completed" if own.run.seconds is not None else "failed"
    unlike = bool(runs) and all(one.key != key for one in runs)
    earlier = [one.run for one in runs]
    return Case(own.operation, name, key, state, own.run, earlier, unlike=unlike)


def _facts(word: str) -> dict[str, Any] | None:
    """Return what the broker tells of the operation; None where none runs, or an older one.

    Raise `NoRuntimeDirectory` where none can be met.
    """
    user = endpoint.user_of(os.environ, os.getuid())
    try:
        path = client.socket_of(os.environ, user)
        reply = client.ask(path, "why", {"operation": word})
    except (client.NoBroker, endpoint.NotMade):
        return None
    return None if reply.error else reply.result


def _fail(words: str, status: int) -> int:
    sys.stderr.write(f"headway why: {words}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        prog="headway why",
        description="Why an operation takes, or took, as long as it does: each stage against what\n"
        "it usually takes, the chain of stages that made its length, what else ran, how busy\n"
        "the processors were. Exit status 4 if no such operation is known. Starts nothing.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "operation",
        metavar="OP",
        help="an operation: the beginning of its id, or its name; also one that has ended",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser
