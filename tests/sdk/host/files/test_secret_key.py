"""The secret is made once, private, and read by all who come later."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from headway.host.files import secret_key


@pytest.fixture
def state(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_whoever_comes_first_makes_it_and_all_have_the_same(state):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secret_key.read_secret(), range(32)))
    assert len(found) == 1
    assert len(found.pop()) == secret_key.SIZE
    assert os.listdir(state) == ["secret"]


def test_it_is_private_whatever_the_umask(state):
    before = os.umask(0)
    try:
        assert secret_key.read_secret()
    finally:
        os.umask(before)
    assert stat.S_IMODE((state / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_bytes(b"short"), lambda path: path.chmod(0o644)]
)
def test_one_that_is_spoilt_or_open_to_others_is_not_used(state, spoil):
    secret_key.read_secret()
    spoil(state / "secret")
    assert secret_key.read_secret() is None
