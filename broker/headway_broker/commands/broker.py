"""The command `headway broker run | status | stop | install-service`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import pwd
import signal
import sys
import time
import traceback
from typing import Any

from headway import __version__
from headway.commands.arguments import ArgumentParser
from headway.commands.standard_streams import discard_stderr
from headway.host import identity
from headway.host.files import key_files, lost_ends
from headway.host.launch import cgroup
from headway.protocol import endpoint, retirement
from headway_broker.commands import client
from headway_broker.commands import service as services
from headway_broker.commands.service import RETIRED, TAKEN
from headway_broker.peers.idle_exit import LEAVE_AFTER
from headway_broker.peers.retirement import ASKED_TO_STOP
from headway_broker.peers.viewers.status import lines
from headway_broker.shell import readiness
from headway_broker.shell.inherited_limits import forget_starter
from headway_broker.shell.log import Log
from headway_broker.shell.network import Listen
from headway_broker.shell.server import Server
from headway_broker.shell.single_instance import SingleInstance, Taken
from headway_broker.state.errors import fault

MAKE_KEYS = "`headway keys new NAME --role worker` makes them"
# Seconds for a broker that clients have started to leave, and between looks whether it has: a
# client may start another, once it has gone, which takes a tenth of a second.
RETIREMENT_TIMEOUT = 10.0
RETIREMENT_POLL = 0.01
# Why a broker leaves that is not to be started again: a person has said so.
ORDERED = (ASKED_TO_STOP, "SIGTERM", "SIGINT")
_EXAMPLES = """examples:
  headway broker status
  headway broker status --json
  headway broker stop
  headway broker run --listen tcp://0.0.0.0:7411    for other machines, by keys
  headway broker install-service                    start it with every login, by systemd
  headway broker install-service --remove
"""


def main(argv: list[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    try:
        if options.verb == "run":
            leave_after, stays = options.leave_after, options.service or options.listen is not None
            if leave_after is None:
                leave_after = float("inf") if stays else LEAVE_AFTER
            listen = None if options.listen is None else _listen(options.listen)
            return run(
                detached=options.detached,
                leave_after=leave_after,
                listen=listen,
                service=options.service,
            )
        if options.verb == "install-service":
            return _install_service(options)
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


def run(
    *, detached: bool, leave_after: float, listen: Listen | None = None, service: bool = False
) -> int:
    """Run the broker until there is a reason to stop; return the exit status.

    With `service` it stays, as with `listen`, and the exit status is for the service manager.
    """
    if os.geteuid() == 0 and _uid() != 0:
        become(_uid())
    directory = endpoint.runtime_directory(os.environ, _uid())
    os.umask(0o077)
    os.chdir("/")
    try:
        single_instance = _take(directory, listens=listen is not None, stays=service)
    except Taken as taken:
        if not detached:
            advice = "; `headway broker stop` ends it" if service or listen is not None else ""
            _complain(f"{taken}{advice}")
        return TAKEN if service else 0 if detached else 1
    except OSError as error:
        _complain(f"cannot take the lock: {error}")
        return 1
    log = Log(directory, echo=not detached)
    if detached:
        discard_stderr()  # the log until now: what Python says of a fault may have told texts
    try:
        return _serve(
            directory,
            single_instance,
            log,
            detached=detached,
            leave_after=leave_after,
            listen=listen,
            service=service,
        )
    except Exception as error:
        log.write(f"ended by {fault(error)}, through")
        for line in traceback.format_tb(error.__traceback__):
            log.write(line.strip().partition("\n")[0])
        raise
    finally:
        log.close()


def _take(directory: str, *, listens: bool, stays: bool) -> SingleInstance:
    """Return the instance of a broker; raise `Taken` or OSError.

    Where it is to listen on a network, or to stay, one that clients have started, as they do where
    it has crashed, is asked to retire.
    """
    if not (listens or stays):
        return SingleInstance(directory)
    words = {retirement.LISTENS: int(listens), retirement.STAYS: int(stays)}
    until = time.monotonic() + RETIREMENT_TIMEOUT
    asked = False
    while True:
        try:
            return SingleInstance(directory)
        except Taken:
            if time.monotonic() >= until:
                raise
            if not asked:
                asked = _asks_to_retire(os.path.join(directory, endpoint.REPORT), words)
                if asked is None:
                    raise
        time.sleep(RETIREMENT_POLL)


def _asks_to_retire(path: str, words: dict[str, int]) -> bool | None:
    """Return whether the broker at `path` retires, None where it will not.

    False where none answers yet: it is about to listen, or on its way out.
    """
    told = {**retirement.words(None), **words}
    try:
        reply = client.ask(path, "retire", told, RETIREMENT_TIMEOUT / 5)
    except client.NoBroker:
        return False
    return True if (reply.result or {}).get("retiring") else None


def _serve(
    directory: str,
    single_instance: SingleInstance,
    log: Log,
    *,
    detached: bool,
    leave_after: float,
    listen: Listen | None,
    service: bool,
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
    home = endpoint.state_directory(os.environ, identity.home(_uid()))
    others.append(endpoint.second_spool(home, directory, os.uname().nodename))
    about = _about(detached=detached, listens=listen is not None, stays=service)
    manager = {} if detached else os.environ  # else it is the one of the program that started us
    server = Server(directory, state, single_instance, log, leave_after, others, about, listen)
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
    also = f" and {server.sockets.network_endpoint}" if listen is not None else ""
    log.write(f"broker {server.core.instance} pid {os.getpid()} at {server.endpoint}{also}")
    readiness.tell(manager, f"READY=1\nSTATUS=serving {server.endpoint}{also}")
    try:
        reason = server.serve()
        log.write(f"leaving: {reason}")
    finally:
        readiness.tell(manager, "STOPPING=1")
        server.close()
    return RETIRED if service and reason not in ORDERED else 0


def _listen(word: str) -> Listen:
    """Return where to listen, and with which key. Raise `key_files.NoKey` without one."""
    try:
        host, port = endpoint.split_network(word)
    except ValueError as error:
        raise endpoint.EndpointRefused(f"--listen {word[:80]!r}: {error}") from None
    place = key_files.folder(os.environ, os.getuid())
    try:
        pair = key_files.load_pair(place, key_files.BROKER, _uid())
    except key_files.NoKey as error:
        if os.path.lexists(os.path.join(place, key_files.BROKER + key_files.SUFFIX)):
            raise
        raise key_files.NoKey(f"nobody could connect without keys: {MAKE_KEYS}") from error
    allowed, trouble = key_files.load_allowed(place, _uid())
    if trouble:
        raise key_files.NoKey(trouble[0])
    if not allowed:
        raise key_files.NoKey(f"no key is allowed to connect: {MAKE_KEYS}")
    return Listen(host, port, pair.secret, place)


def _about(*, detached: bool, listens: bool, stays: bool) -> dict[str, Any]:
    """Return what clients are told: where we run only if a client has chosen that, not a person."""
    where: dict[str, Any] = cgroup.own()._asdict() if detached else {}
    if listens:
        where[retirement.LISTENS] = 1
    if stays:
        where[retirement.STAYS] = 1
    return {"version": __version__, "pid": os.getpid(), **where}


def _install_service(options: argparse.Namespace) -> int:
    if _uid() != os.getuid():
        _complain("install-service is of the user who runs it: without sudo")
        return 1
    if options.remove:
        return services.remove(os.environ, _say)
    if options.listen is not None:
        _listen(options.listen)  # what it lacks is said now, not in the log of systemd
    return services.install(options.listen, os.environ, _say)


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
    verbs = parser.add_subparsers(dest="verb", metavar="run|status|stop|install-service")
    verbs.required = True
    serve = verbs.add_parser("run", help="be the broker, in the foreground")
    serve.add_argument("--detached", action="store_true", help="log to the file only")
    serve.add_argument(
        "--leave-after",
        type=float,
        metavar="SECONDS",
        help="leave so long after the last worker and viewer"
        f" ({LEAVE_AFTER:g}; with --listen never)",
    )
    serve.add_argument(
        "--listen",
        metavar="tcp://HOST:PORT",
        help="serve other machines, too, encrypted and by keys (`headway keys`); viewers use the"
        " next port as well",
    )
    serve.add_argument(
        "--service",
        action="store_true",
        help="stay, as a service manager keeps it, in place of one that a program has started",
    )
    look = verbs.add_parser("status", help="what the running broker knows of itself")
    look.add_argument("--json", action="store_true", help="as one JSON object")
    verbs.add_parser("stop", help="ask the running broker to leave")
    install = verbs.add_parser(
        "install-service", help="have systemd run it for you, from every login on"
    )
    install.add_argument("--listen", metavar="tcp://HOST:PORT", help="as of `headway broker run`")
    install.add_argument("--remove", action="store_true", help="undo it")
    return parser
