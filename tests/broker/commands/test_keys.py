"""`headway keys`: what is made, listed, let in and revoked."""

import os

import pytest

from headway.host.files import key_files
from headway_broker.commands import keys

UID = os.getuid()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("HEADWAY_KEY", raising=False)
    return key_files.folder(os.environ, UID)


def allowed(place):
    return {(key.name, key.role) for key in key_files.load_allowed(place, UID)[0]}


def test_a_new_key_is_let_in_and_knows_its_broker(place, capsys):
    assert keys.main(["new", "laptop", "--role", "worker"]) == 0
    broker = key_files.load_pair(place, "broker", UID)
    pair = key_files.find(os.environ, UID, key_files.REPORTING)
    assert (pair.name, pair.broker) == ("laptop", broker.public)
    [entry] = key_files.load_allowed(place, UID)[0]
    assert entry == key_files.AllowedKey("laptop", "worker", pair.public)
    said = capsys.readouterr().out
    assert os.path.join(place, "laptop.key") in said
    assert pair.secret.hex() not in said


def test_a_second_of_the_name_is_refused_and_the_broker_keeps_its_own(place, capsys):
    keys.main(["new", "laptop", "--role", "worker"])
    broker = key_files.load_pair(place, "broker", UID)
    assert keys.main(["new", "laptop", "--role", "operator"]) == 1
    assert keys.main(["new", "broker"]) == 0
    assert key_files.load_pair(place, "broker", UID) == broker
    assert "there is a key 'laptop' already" in capsys.readouterr().err


def test_a_key_of_elsewhere_is_let_in_by_its_public_part(place, capsys):
    assert keys.main(["allow", "desk", "ab" * 32, "--role", "viewer"]) == 0
    assert allowed(place) == {("desk", "viewer")}
    assert keys.main(["allow", "desk", "ab" * 32, "--role", "operator"]) == 1
    assert keys.main(["allow", "other", "zz", "--role", "viewer"]) == 1
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_a_revoked_key_is_let_in_no_more_and_its_name_is_free(place, capsys):
    keys.main(["new", "laptop", "--role", "worker"])
    assert keys.main(["revoke", "laptop"]) == 0
    assert allowed(place) == set()
    assert keys.main(["revoke", "laptop"]) == 1
    assert keys.main(["new", "laptop", "--role", "viewer"]) == 0
    assert allowed(place) == {("laptop", "viewer")}
    assert "no key 'laptop' is allowed" in capsys.readouterr().err


def test_a_pair_for_another_broker_stays_where_one_of_its_name_is_revoked(place):
    keys.main(["new", "broker"])
    pair = key_files.KeyPair("laptop", "worker", b"p" * 32, b"s" * 32, b"o" * 32)
    key_files.write_pair(place, pair)
    keys.main(["allow", "laptop", "--role", "worker"])
    keys.main(["revoke", "laptop"])
    assert key_files.load_pair(place, "laptop", UID) == pair


def test_the_list_has_no_secret_and_names_what_is_wrong(place, capsys):
    assert keys.main(["list"]) == 0
    assert "no keys in" in capsys.readouterr().out
    keys.main(["new", "laptop", "--role", "worker"])
    capsys.readouterr()
    assert keys.main(["list"]) == 0
    said = capsys.readouterr().out
    pair = key_files.load_pair(place, "laptop", UID)
    assert [line.split()[:2] for line in said.splitlines()] == [
        ["allowed", "laptop"],
        ["broker", "broker"],
        ["own", "laptop"],
    ]
    assert pair.public.hex() in said
    assert pair.secret.hex() not in said
    os.chmod(os.path.join(place, "laptop.key"), 0o644)
    assert keys.main(["list"]) == 1
    assert "must be 0600" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../x", "a b", "", "allowed"])
def test_a_name_is_no_path(place, name, capsys):
    assert keys.main(["new", "--role", "worker", "--", name]) == 1
    assert "is no name of a key" in capsys.readouterr().err
    assert not os.path.lexists(place)


def test_a_role_has_to_be_said(place, capsys):
    assert keys.main(["new", "laptop"]) == 1
    assert "--role is missing: one of worker, viewer, operator" in capsys.readouterr().err


def test_a_revoked_key_is_let_in_under_no_other_name(place, capsys):
    keys.main(["new", "laptop", "--role", "worker"])
    public = key_files.load_pair(place, "laptop", UID).public.hex()
    keys.main(["allow", "spare", public, "--role", "operator"])
    assert keys.main(["revoke", "laptop"]) == 0
    assert allowed(place) == set()
    assert "spare may not either" in capsys.readouterr().out


def test_what_is_left_of_a_writing_that_was_cut_is_no_key(place, monkeypatch):
    keys.main(["new", "laptop", "--role", "worker"])
    before = allowed(place)
    monkeypatch.setattr(os, "unlink", lambda _: None)
    keys.main(["allow", "desk", "ab" * 32, "--role", "viewer"])
    assert allowed(place) == before | {("desk", "viewer")}


def test_a_pair_that_nobody_is_let_in_by_is_told_by_its_file(place, capsys):
    keys.main(["new", "laptop", "--role", "worker"])
    key_files.remove_allowed(place, "laptop")
    assert keys.main(["new", "laptop", "--role", "worker"]) == 1
    assert os.path.join(place, "laptop.key") in capsys.readouterr().err
