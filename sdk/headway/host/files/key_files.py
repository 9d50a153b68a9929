"""The files of keys: the key pairs of this user, and whose keys the broker of this user lets in.

In `keys/` of the state directory: NAME.key is a key pair (CURVE, of ZeroMQ) with the public key of
the broker that it is for; broker.key is the broker's own. `keys/allowed/NAME` has the role and the
public key of a user who may connect. Whatever is open to others, belongs to somebody else or is no
regular file is not used, and the reason is told. Absent: what a role may (`peers.network_users`).
"""

from __future__ import annotations

import os
import stat

from headway.async_exceptions import reraise_async
from headway.host import identity
from headway.protocol import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, NamedTuple
else:
    from headway.light_typing import NamedTuple

FOLDER = "keys"  # in the state directory
ALLOWED = "allowed"  # in `FOLDER`
SUFFIX = ".key"
BROKER = "broker"  # the name of the broker's own pair
ROLES = ("worker", "viewer", "operator")
VIEWING = ("operator", "viewer")  # who may follow, the most able first
REPORTING = ("worker",)
KEY_SIZE = 32  # bytes
NAME_LIMIT = 64  # characters of a name
_FILE_LIMIT = 4096  # bytes; ours have some 250


class NoKey(endpoint.EndpointRefused):
    """There is no key to use, or its file cannot be trusted; the text says what to do."""


class KeyPair(NamedTuple):
    """A key pair; `role` and `broker`, the public key of the broker, are None in the broker's."""

    name: str
    role: str | None
    public: bytes
    secret: bytes
    broker: bytes | None


class AllowedKey(NamedTuple):
    """A user who may connect."""

    name: str
    role: str
    public: bytes


def folder(environ: Mapping[str, str], uid: int) -> str:
    """Return the directory of the keys of the user whom `uid` reports to."""
    user = endpoint.user_of(environ, uid)
    if user != uid:  # root keeps its own XDG directory
        environ = {name: value for name, value in environ.items() if name != "XDG_STATE_HOME"}
    return os.path.join(endpoint.state_directory(environ, identity.home(user)), FOLDER)


def find(environ: Mapping[str, str], uid: int, roles: tuple[str, ...]) -> KeyPair:
    """Return the key pair of one of `roles`, the first that there is one of. Raise `NoKey`.

    `HEADWAY_KEY` names it, or several with commas between; else it is the only one of its role.
    """
    place = folder(environ, uid)
    user = endpoint.user_of(environ, uid)
    wanted = [word.strip() for word in environ.get("HEADWAY_KEY", "").split(",") if word.strip()]
    for word in wanted:
        if not is_name(word):
            raise NoKey(f"HEADWAY_KEY: {word[:60]!r} is no name of a key")
    pairs = [load_pair(place, name, user) for name in (wanted or _names(place, SUFFIX, user))]
    for role in roles:
        found = [pair for pair in pairs if pair.role == role and pair.broker is not None]
        if len(found) > 1:
            several = ", ".join(pair.name for pair in found)
            raise NoKey(
                f"several {role}'s keys are in {place}: HEADWAY_KEY is to name one of {several}"
            )
        if found:
            return found[0]
    kinds = " or ".join(f"{role}'s" for role in roles)
    raise NoKey(
        f"there is no {kinds} key in {place}: `headway keys new NAME --role {roles[0]}` on the"
        " broker's machine makes one, and says where to put it"
    )


def may_follow(environ: Mapping[str, str], uid: int) -> bool:
    """Return whether a viewer could connect: with a worker's key alone there is none to follow.

    Nor where Headway was uninstalled: it would make files again that were removed.
    """
    try:
        endpoint.refuse_uninstalled()
        if endpoint.network_endpoint(environ) is not None:
            find(environ, uid, VIEWING)
    except OSError as error:
        reraise_async(error)
        return False
    return True


def is_name(text: str) -> bool:
    """Return whether a key may be called so: the name of a file that is not hidden."""
    known = text.isascii() and all(char.isalnum() or char in "_.-" for char in text)
    return known and 0 < len(text) <= NAME_LIMIT and text[0] not in ".-" and text != ALLOWED


def load_pair(place: str, name: str, user: int) -> KeyPair:
    """Return the key pair `name` in the directory `place`. Raise `NoKey`."""
    path = os.path.join(place, name + SUFFIX)
    facts = _facts(path, user)
    role = _role(path, facts["role"]) if "role" in facts else None
    broker = _key(path, facts, "broker") if "broker" in facts else None
    return KeyPair(name, role, _key(path, facts, "public"), _key(path, facts, "secret"), broker)


def load_allowed(place: str, user: int) -> tuple[list[AllowedKey], list[str]]:
    """Return who is allowed by the directory of keys `place`, and what is wrong with files."""
    inner = os.path.join(place, ALLOWED)
    trouble: list[str] = []
    found: list[AllowedKey] = []
    try:
        names = _names(inner, "", user)
    except NoKey as error:
        return [], [str(error)]
    for name in names:
        path = os.path.join(inner, name)
        try:
            facts = _facts(path, user)
            role = _role(path, facts.get("role", ""))
            found.append(AllowedKey(name, role, _key(path, facts, "public")))
        except NoKey as error:
            trouble.append(str(error))
    return found, trouble


def pair_names(place: str, user: int) -> list[str]:
    """Return the names of the key pairs in `place`. Raise `NoKey`."""
    return _names(place, SUFFIX, user)


def write_pair(place: str, pair: KeyPair) -> str:
    """Write a new key pair into the directory of keys; return its path. Raise OSError."""
    facts = {"public": pair.public.hex(), "secret": pair.secret.hex()}
    if pair.role is not None:
        facts["role"] = pair.role
    if pair.broker is not None:
        facts["broker"] = pair.broker.hex()
    _make_folder(place)
    path = os.path.join(place, pair.name + SUFFIX)
    _write_new(path, "secret", facts)
    return path


def write_allowed(place: str, allowed: AllowedKey) -> None:
    """Let a user in. Raise OSError, `FileExistsError` where one of that name is allowed."""
    _make_folder(place)
    inner = os.path.join(place, ALLOWED)
    _make_folder(inner)
    facts = {"role": allowed.role, "public": allowed.public.hex()}
    _write_new(os.path.join(inner, allowed.name), "public", facts)


def remove_allowed(place: str, name: str) -> None:
    """Let a user in no more. Raise OSError, `FileNotFoundError` where none is."""
    os.unlink(os.path.join(place, ALLOWED, name))


def _names(place: str, suffix: str, user: int) -> list[str]:
    """Return the names of the files of a private directory, without `suffix`. Raise `NoKey`."""
    if not os.path.lexists(place):
        return []
    against = endpoint.reason_against(place, user)
    if against is not None:
        raise NoKey(f"{place} {against}")
    try:
        names = sorted(os.listdir(place))
    except OSError as error:
        reraise_async(error)
        raise NoKey(f"{place}: {error.strerror}") from None
    bare = [name[: len(name) - len(suffix)] for name in names if name.endswith(suffix)]
    return [name for name in bare if is_name(name)]


def _facts(path: str, user: int) -> dict[str, str]:
    """Return the facts in a private file, a line "name value" each. Raise `NoKey`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reraise_async(error)
        raise NoKey(f"{path}: {error.strerror}") from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise NoKey(f"{path} is no regular file")
        if about.st_uid != user:
            raise NoKey(f"{path} belongs to uid {about.st_uid}, not {user}")
        mode = stat.S_IMODE(about.st_mode)
        if mode & 0o077:
            raise NoKey(f"{path} is open to others (mode {mode:04o}); it must be 0600")
        text = os.read(descriptor, _FILE_LIMIT).decode("ascii", "replace")
    finally:
        os.close(descriptor)
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, _, value in lines}


def _role(path: str, role: str) -> str:
    if role not in ROLES:
        raise NoKey(f"{path}: {role[:20]!r} is no role")
    return role


def _key(path: str, facts: Mapping[str, str], which: str) -> bytes:
    key = parse_key(facts.get(which, ""))
    if key is None:
        raise NoKey(f"{path} has no {which} key of {KEY_SIZE} bytes")
    return key


def parse_key(text: str) -> bytes | None:
    """Return the key that hexadecimal digits tell, or None."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == KEY_SIZE else None


def _make_folder(path: str) -> None:
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    else:
        os.chmod(path, 0o700)  # whatever the umask
    against = endpoint.reason_against(path, os.getuid())
    if against is not None:
        raise NoKey(f"{path} {against}")


def _write_new(path: str, kind: str, facts: Mapping[str, str]) -> None:
    """Write a file that must not be there yet, whole or not at all."""
    lines = [f"# headway: a {kind} key", *(f"{name} {value}" for name, value in facts.items())]
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")  # hidden: no name of a key
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        try:
            os.fchmod(descriptor, 0o600)  # whatever the umask
            os.write(descriptor, "".join(line + "\n" for line in lines).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(temporary, path)  # never over another
    finally:
        os.unlink(temporary)
