"""`headway keys`: who may connect to the broker of this user over a network, and by which keys."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import zmq
from zmq.utils import z85

from headway.commands.arguments import ArgumentParser
from headway.host.files import key_files
from headway.protocol import endpoint
from headway_broker.commands import client

EXAMPLES = """\
examples:
  headway keys new laptop --role worker      a key for a machine that reports here
  headway keys new me --role operator        one to look with, to cancel and to pause
  headway keys list
  headway keys revoke laptop
"""
USAGE = 2


class _Failed(Exception):
    """What cannot be done; the text is for a person."""


def main(argv: list[str]) -> int:
    """Run `headway keys ARGV…`; return the exit status."""
    options = _parser().parse_args(argv)
    uid = os.getuid()
    if endpoint.user_of(os.environ, uid) != uid:
        sys.stderr.write("headway keys: use it as the user whose broker it is, not under sudo\n")
        return 1
    try:
        place = key_files.folder(os.environ, uid)
        status: int = options.function(options, place, uid)
    except (_Failed, key_files.NoKey) as error:
        sys.stderr.write(f"headway keys: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"headway keys: {error}\n")
        return 1
    return status


def _new(options: argparse.Namespace, place: str, uid: int) -> int:
    """Make a key pair; with a role, for a user of this broker, who is allowed at once."""
    name = _name(options.name)
    if name == key_files.BROKER:
        _broker_pair(place, uid)
        return 0
    if options.role is None:
        raise _Failed(f"--role is missing: one of {', '.join(key_files.ROLES)}")
    broker = _broker_pair(place, uid)
    allowed, _ = key_files.load_allowed(place, uid)
    path = os.path.join(place, name + key_files.SUFFIX)
    if any(key.name == name for key in allowed):
        raise _Failed(f"there is a key {name!r} already: `headway keys revoke {name}` removes it")
    if os.path.lexists(path):
        raise _Failed(f"there is {path} already, by which nobody is let in: remove that file")
    public, secret = _pair()
    pair = key_files.KeyPair(name, options.role, public, secret, broker.public)
    path = key_files.write_pair(place, pair)
    key_files.write_allowed(place, key_files.AllowedKey(name, options.role, public))
    sys.stdout.write(f"made {path}\n")
    sys.stdout.write(
        f"It is the whole secret of {name}, {options.role} of the broker here. Move it into the"
        " same\ndirectory of that machine, with mode 0600 (`headway doctor` there tells where), and"
        " set\nHEADWAY_ENDPOINT=tcp://HOST:PORT to where `headway broker run --listen` listens.\n"
    )
    _tell_broker(uid)
    return 0


def _allow(options: argparse.Namespace, place: str, uid: int) -> int:
    """Let a key in that was made elsewhere."""
    name = _name(options.name)
    if options.role is None:
        raise _Failed(f"--role is missing: one of {', '.join(key_files.ROLES)}")
    if options.public is not None:
        public = key_files.parse_key(options.public)
        if public is None:
            raise _Failed(f"a public key is {2 * key_files.KEY_SIZE} hexadecimal digits")
    else:
        public = key_files.load_pair(place, name, uid).public
    try:
        key_files.write_allowed(place, key_files.AllowedKey(name, options.role, public))
    except FileExistsError:
        raise _Failed(f"{name!r} is allowed already: revoke it first") from None
    sys.stdout.write(f"{name} may connect as {options.role}\n")
    _tell_broker(uid)
    return 0


def _revoke(options: argparse.Namespace, place: str, uid: int) -> int:
    """Let a key in no more: a running broker cuts its connections at once."""
    name = _name(options.name)
    allowed, _ = key_files.load_allowed(place, uid)
    keys = {key.public for key in allowed if key.name == name}
    try:
        key_files.remove_allowed(place, name)
    except FileNotFoundError:
        raise _Failed(f"no key {name!r} is allowed: `headway keys list`") from None
    others = [key.name for key in allowed if key.public in keys and key.name != name]
    for other in others:  # by which the same key would go on
        key_files.remove_allowed(place, other)
    try:
        ours = key_files.load_pair(place, key_files.BROKER, uid).public
        if key_files.load_pair(place, name, uid).broker == ours:
            os.unlink(os.path.join(place, name + key_files.SUFFIX))  # of no use any more
    except key_files.NoKey:
        pass  # it was moved to where it is used
    sys.stdout.write(f"{name} may connect no more\n")
    for other in others:
        sys.stdout.write(f"{other} may not either: it was the same key\n")
    _tell_broker(uid)
    return 0


def _list(_options: argparse.Namespace, place: str, uid: int) -> int:
    """List who may connect here, and the pairs that this user may connect with."""
    allowed, trouble = key_files.load_allowed(place, uid)
    rows = [("allowed", key.name, key.role, key.public.hex()) for key in allowed]
    try:
        for name in key_files.pair_names(place, uid):
            pair = key_files.load_pair(place, name, uid)
            what = "broker" if pair.role is None else "own"
            rows.append((what, name, pair.role or "", pair.public.hex()))
    except key_files.NoKey as error:
        trouble.append(str(error))
    for what, name, role, public in rows:
        sys.stdout.write(f"{what:<8} {name:<16} {role:<9} {public}\n")
    if not rows:
        sys.stdout.write(f"no keys in {place}\n")
    for text in trouble:
        sys.stderr.write(f"headway keys: {text}\n")
    return 1 if trouble else 0


def _broker_pair(place: str, uid: int) -> key_files.KeyPair:
    """Return the pair of the broker here, made where there is none."""
    path = os.path.join(place, key_files.BROKER + key_files.SUFFIX)
    if not os.path.lexists(path):
        pair = key_files.KeyPair(key_files.BROKER, None, *_pair(), None)
        key_files.write_pair(place, pair)
        sys.stdout.write(f"made {path}, of the broker here\n")
    return key_files.load_pair(place, key_files.BROKER, uid)


def _pair() -> tuple[bytes, bytes]:
    """Return a new public and secret key."""
    if not zmq.has("curve"):
        raise _Failed("this libzmq has no CURVE: install the wheel of pyzmq")
    public, secret = zmq.curve_keypair()
    return z85.decode(public), z85.decode(secret)


def _tell_broker(uid: int) -> None:
    """Have a running broker read its keys again; it does so within seconds anyway."""
    environ = {name: value for name, value in os.environ.items() if name != "HEADWAY_ENDPOINT"}
    try:
        told = client.ask(client.socket_of(environ, uid), "keys", {}).result
    except (client.NoBroker, endpoint.NoRuntimeDirectory):
        return
    if told.get("listens"):
        sys.stdout.write(f"the broker at {told['listens']} knows\n")


def _name(text: str) -> str:
    if not key_files.is_name(text):
        raise _Failed(f"{text[:70]!r} is no name of a key: letters, digits, _ - and .")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        prog="headway keys",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Keys by which other machines reach the broker here, or this user a broker"
        " elsewhere.\nA worker reports, a viewer looks, an operator may also cancel and pause.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="new|list|allow|revoke")
    verbs.required = True
    new = verbs.add_parser("new", help="make a key pair, and let it in")
    allow = verbs.add_parser("allow", help="let in a key that is there already")
    for verb in (new, allow):
        verb.add_argument("name", metavar="NAME", help="whose key it is")
        verb.add_argument("--role", choices=key_files.ROLES, help="what it may do")
    allow.add_argument(
        "public", metavar="PUBLIC", nargs="?", help="its public part; else NAME.key's"
    )
    revoke = verbs.add_parser("revoke", help="let it in no more")
    revoke.add_argument("name", metavar="NAME", help="whose key it is")
    look = verbs.add_parser("list", help="list who may connect, and the keys that are here")
    functions: dict[Any, Any] = {new: _new, allow: _allow, revoke: _revoke, look: _list}
    for verb, function in functions.items():
        verb.set_defaults(function=function)
    return parser
