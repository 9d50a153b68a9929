"""Files of keys: private, written once, and not used where they are not."""

import os

import pytest

from headway.host.files import key_files
from headway.host.files.key_files import AllowedKey, KeyPair, NoKey

PAIR = KeyPair("build", "worker", b"p" * 32, b"s" * 32, b"b" * 32)
UID = os.getuid()


@pytest.fixture
def environ(tmp_path):
    return {"HEADWAY_STATE_DIR": str(tmp_path)}


@pytest.fixture
def place(environ):
    return key_files.folder(environ, UID)


def test_a_pair_is_read_as_it_was_written_and_only_for_its_owner(place):
    old = os.umask(0)
    try:
        path = key_files.write_pair(place, PAIR)
    finally:
        os.umask(old)
    assert key_files.load_pair(place, "build", UID) == PAIR
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(place).st_mode & 0o777 == 0o700
    assert sorted(os.listdir(place)) == ["build.key"]


def test_no_pair_and_no_permission_is_written_over_another(place):
    key_files.write_pair(place, PAIR)
    with pytest.raises(FileExistsError):
        key_files.write_pair(place, PAIR._replace(secret=b"x" * 32))
    key_files.write_allowed(place, AllowedKey("build", "worker", b"p" * 32))
    with pytest.raises(FileExistsError):
        key_files.write_allowed(place, AllowedKey("build", "operator", b"x" * 32))
    assert key_files.load_pair(place, "build", UID) == PAIR
    assert key_files.load_allowed(place, UID)[0] == [AllowedKey("build", "worker", b"p" * 32)]
    key_files.remove_allowed(place, "build")
    assert key_files.load_allowed(place, UID) == ([], [])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o660])
def test_a_file_that_is_open_to_others_is_not_used(place, mode):
    path = key_files.write_pair(place, PAIR)
    os.chmod(path, mode)
    with pytest.raises(NoKey, match=rf"is open to others \(mode {mode:04o}\); it must be 0600"):
        key_files.load_pair(place, "build", UID)


def test_a_directory_that_is_open_to_others_lets_nobody_in(place):
    key_files.write_allowed(place, AllowedKey("build", "worker", b"p" * 32))
    inner = os.path.join(place, key_files.ALLOWED)
    os.chmod(inner, 0o770)
    allowed, [trouble] = key_files.load_allowed(place, UID)
    assert allowed == []
    assert "is open to others (mode 0770); it must be 0700" in trouble


def test_the_files_of_another_user_are_not_used(place):
    key_files.write_pair(place, PAIR)
    with pytest.raises(NoKey, match=f"belongs to uid {UID}, not {UID + 1}"):
        key_files.load_pair(place, "build", UID + 1)


def test_a_link_is_not_followed_and_a_pipe_not_waited_for(place):
    path = key_files.write_pair(place, PAIR)
    os.symlink(path, os.path.join(place, "link.key"))
    os.mkfifo(os.path.join(place, "pipe.key"), 0o600)
    with pytest.raises(NoKey, match=r"link\.key"):
        key_files.load_pair(place, "link", UID)
    with pytest.raises(NoKey, match="no regular file"):
        key_files.load_pair(place, "pipe", UID)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no public key"),
        ("public 00\nsecret 00\n", "no public key"),
        ("public " + "00" * 32, "no secret key"),
        ("role king\n", "'king' is no role"),
        ("\xff\x00" * 3000, "no public key"),
    ],
)
def test_a_file_that_is_no_key_is_named(place, text, why):
    path = key_files.write_pair(place, PAIR)
    with open(path, "w", encoding="latin-1") as file:
        file.write(text)
    with pytest.raises(NoKey, match=why):
        key_files.load_pair(place, "build", UID)


def test_one_bad_permission_keeps_nobody_else_out(place):
    for name in ("one", "two"):
        key_files.write_allowed(place, AllowedKey(name, "viewer", name[:1].encode() * 32))
    os.chmod(os.path.join(place, key_files.ALLOWED, "one"), 0o644)
    allowed, trouble = key_files.load_allowed(place, UID)
    assert [key.name for key in allowed] == ["two"]
    assert len(trouble) == 1


def test_a_key_is_found_by_its_role(environ, place):
    operator = PAIR._replace(name="me", role="operator")
    viewer = PAIR._replace(name="eye", role="viewer")
    for pair in (PAIR, operator, viewer, PAIR._replace(name="broker", role=None, broker=None)):
        key_files.write_pair(place, pair)
    assert key_files.find(environ, UID, key_files.REPORTING) == PAIR
    assert key_files.find(environ, UID, key_files.VIEWING) == operator
    environ["HEADWAY_KEY"] = "build, eye"
    assert key_files.find(environ, UID, key_files.VIEWING) == viewer
    assert key_files.find(environ, UID, key_files.REPORTING) == PAIR


def test_without_one_it_is_said_how_one_is_made(environ, place):
    with pytest.raises(
        NoKey, match=r"no worker's key in .*: `headway keys new NAME --role worker`"
    ):
        key_files.find(environ, UID, key_files.REPORTING)


def test_of_several_one_is_to_be_named(environ, place):
    for name in ("one", "two"):
        key_files.write_pair(place, PAIR._replace(name=name))
    with pytest.raises(NoKey, match="HEADWAY_KEY is to name one of one, two"):
        key_files.find(environ, UID, key_files.REPORTING)
    environ["HEADWAY_KEY"] = "two"
    assert key_files.find(environ, UID, key_files.REPORTING).name == "two"
    environ["HEADWAY_KEY"] = "../two"
    with pytest.raises(NoKey, match="no name of a key"):
        key_files.find(environ, UID, key_files.REPORTING)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "-x", "x" * 65, "ä", "allowed"])
def test_what_is_no_plain_name_is_none(name):
    assert not key_files.is_name(name)
    assert key_files.is_name("build-2.lab_A")
