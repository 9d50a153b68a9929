"""What is left by the standard library alone is what msgpack would have made."""

import glob
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headway
from headway.protocol import messages, wire
from headway.reporting import last_resort
from headway.testing import reporting
from headway_broker.shell.spool import frames

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.binary(),
    lambda inside: (
        st.lists(inside, max_size=20)
        | st.dictionaries(st.text(max_size=9) | st.integers(0, 9), inside, max_size=20)
    ),
)


@given(PLAIN)
def test_every_value_of_a_message_is_packed_as_by_msgpack(value):
    assert last_resort.packed(value) == wire.pack(value)


@pytest.mark.parametrize("size", [31, 32, 255, 256, 65_535, 65_536])
@pytest.mark.parametrize("make", [lambda n: "x" * n, bytes, lambda n: [0] * n, lambda n: (0,) * n])
def test_long_values_are_packed_as_by_msgpack(make, size):
    assert last_resort.packed(make(size)) == wire.pack(make(size))


def test_a_map_of_many_is_packed_as_by_msgpack():
    many = dict.fromkeys(range(70_000))
    assert last_resort.packed(many) == wire.pack(many)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, {1, 2}])
def test_what_has_no_place_in_a_message_is_an_error(value):
    with pytest.raises((OverflowError, TypeError)):
        last_resort.packed(value)


def test_a_program_that_ends_in_haste_leaves_what_it_owes(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with reporting() as reporter:
        reporter.publisher.about.update(pid=7)
        with headway.operation("Install"):
            pass
        last_resort.finish(reporter)
    (path,) = glob.glob(str(tmp_path / "run" / "unsent" / "*"))
    assert os.path.basename(path) == reporter.session
    with open(path, "rb") as file:
        hello, announce, bye = frames(file.read())
    assert (hello.session, hello.about["pid"]) == (reporter.session, 7)
    assert announce.operation[2:5] == ["Install", None, "completed"]
    assert isinstance(bye, messages.Bye)


def test_what_a_program_leaves_has_no_texts(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with reporting() as reporter:
        operation = headway.operation("Install").start()
        operation.stage("Download").start().update(detail="token 1234")
        operation.fail("token 1234")
        last_resort.finish(reporter)
    (path,) = glob.glob(str(tmp_path / "run" / "unsent" / "*"))
    with open(path, "rb") as file:
        data = file.read()
    assert b"Download" in data
    assert b"1234" not in data


def test_nothing_owed_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    with reporting() as reporter:
        last_resort.finish(reporter)
    assert not os.path.exists(tmp_path / "run")
