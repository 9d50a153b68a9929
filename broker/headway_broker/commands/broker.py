"""The command `headway broker run | status | stop`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import pwd
import signal
import sys
import traceback
from typing import Any

from headway import __version__
from headway.commands.arguments import ArgumentParser
from headway.commands.standard_streams import discard_stderr
from headway.host import identity
from headway.host.files import lost_ends
from headway.host.launch import cgroup
from headway.protocol import endpoint
from headway_broker.commands import client
from headway_broker.peers.idle_exit import LEAVE_AFTER
from headway_broker.peers.viewers.status import lines
from headway_broker.shell.inherited_limits import forget_starter
from headway_broker.shell.log import Log
from headway_broker.shell.server import Server
from headway_broker.shell.single_instance import SingleInstance, Taken
from headway_broker.state.errors import fault

_EXAMPLES = """examples:
  headway broker status
  headway broker status --json
  headway broker stop
"""


def main(argv: list[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    try:
        if options.verb == "run":
            return run(detached=options.detached, leave_after=options.leave_after)
        if options.verb == "status":
            return status(as_json=options.json)
        return stop()
    except client.NoBroker as error:
        _complain(f"{error}")
        return 1
    except endpoint.NoRuntimeDirectory as error:
        _complain(f"{error}")
        return 1
    except KeyError as error:
        _complain(f"SUDO_UID names nobody: {error}")
        return 1


def run(*, detached: bool, leave_after: float) -> int:
    """Run the broker until there is a reason to stop; return the exit status."""
    if os.geteuid() == 0 and _uid() != 0:
        become(_uid())
    directory = endpoint.runtime_directory(os.environ, _uid())
    os.umask(0o077)
    os.chdir("/")
    try:
        single_instance = SingleInstance(directory)
    except Taken as taken:
        if not detached:
            _complain(f"{taken}")
        return 0 if detached else 1
    except OSError as error:
        _complain(f"cannot take the lock: {error}")
        return 1
    log = Log(directory, echo=not detached)
    if detached:
        discard_stderr()  # the log until now: what Python says of a fault may have told texts
    try:
        return _serve(directory, single_instance, log, detached=detached, leave_after=leave_after)
    except Exception as error:
        log.write(f"ended by {fault(error)}, through")
        for line in traceback.format_tb(error.__traceback__):
            log.write(line.strip().partition("\n")[0])
        raise
    finally:
        log.close()


def _serve(
    directory: str, single_instance: SingleInstance, log: Log, *, detached: bool, leave_after: float
) -> int:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the starter may have blocked some
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if detached:
        forget_starter()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    state = None
    if os.environ.get("HEADWAY_HISTORY") != "off":
        state = endpoint.state_directory(os.environ, identity.home(_uid()))
    try:
        lost_ends.prepare(directory, os.getuid())  # while there is room for it
    except OSError:
        pass
    known = [place for _, place in endpoint.candidates(os.environ, _uid())]
    others = [place for place in known if place != directory]
    server = Server(
        directory, state, single_instance, log, leave_after, others, _about(detached=detached)
    )
    server.stop_on_signals((signal.SIGTERM,) if detached else (signal.SIGTERM, signal.SIGINT))
    try:
        server.open()
    except OSError as error:
        log.write(f"cannot listen: {error}")
        _complain(f"cannot listen: {error}")
        single_instance.release()
        return 1
    # The broker holds many objects and few cycles: rarer collections save a sixth of the CPU time
    # of a busy one.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    log.write(f"broker {server.core.instance} pid {os.getpid()} at {server.endpoint}")
    try:
        log.write(f"leaving: {server.serve()}")
    finally:
        server.close()
    return 0


def _about(*, detached: bool) -> dict[str, Any]:
    """Return what clients are told: where we run only if a client has chosen that, not a person."""
    where = cgroup.own()._asdict() if detached else {}
    return {"version": __version__, "pid": os.getpid(), **where}


def become(uid: int) -> None:
    """Change from root to the user who called sudo; raise KeyError or OSError."""
    user = pwd.getpwuid(uid)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(uid)


def status(*, as_json: bool) -> int:
    """Print the status of the running broker; start none."""
    reply = client.ask(_address(), "status", {})
    if as_json:
        _say(json.dumps(reply.result))
        return 0
    for line in lines(reply.result):
        _say(line)
    return 0


def stop() -> int:
    """Ask the running broker to stop."""
    client.ask(_address(), "stop", {})
    _say("the broker has stopped")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"headway broker: {text}\n")


def _uid() -> int:
    return endpoint.user_of(os.environ, os.getuid())


def _address() -> str:
    try:
        return client.socket_of(os.environ, _uid())
    except endpoint.NotMade as error:
        raise client.NoBroker("no broker is running") from error


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="headway broker",
        description="The process that merges, estimates, remembers and serves progress. "
        "Programs start it by themselves; these commands are for looking after it.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="run|status|stop")
    verbs.required = True
    serve = verbs.add_parser("run", help="be the broker, in the foreground")
    serve.add_argument("--detached", action="store_true", help="log to the file only")
    serve.add_argument(
        "--leave-after",
        type=float,
        default=LEAVE_AFTER,
        metavar="SECONDS",
        help="leave so long after the last worker and viewer (%(default)s)",
    )
    look = verbs.add_parser("status", help="what the running broker knows of itself")
    look.add_argument("--json", action="store_true", help="as one JSON object")
    verbs.add_parser("stop", help="ask the running broker to leave")
    return parser
