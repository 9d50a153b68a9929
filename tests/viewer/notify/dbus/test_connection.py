import os

import desktop as support
import pytest

from headway_viewer.notify.dbus import connection
from headway_viewer.notify.dbus.connection import BusError, Connection, address

SERVICE = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
CALL = (*SERVICE, SERVICE[0])


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("unix:path=/run/bus", "/run/bus"),
        ("unix:path=/run/bus,guid=abc", "/run/bus"),
        ("unix:abstract=/tmp/x,guid=1", "\0/tmp/x"),
        ("tcp:host=a;unix:path=/b", "/b"),
        ("tcp:host=a", None),
        ("nonsense", None),
    ],
)
def test_the_socket_of_an_address(words, path):
    assert address({"DBUS_SESSION_BUS_ADDRESS": words}) == path


def test_without_an_address_it_is_the_users_own():
    assert address({}) == f"/run/user/{os.getuid()}/bus"


def test_where_no_bus_is_it_says_so(tmp_path):
    with pytest.raises(BusError, match="cannot be reached"):
        Connection(str(tmp_path / "bus"))


@pytest.fixture
def bus():
    if support.missing() is not None:
        pytest.skip(support.missing())
    bus = support.Desktop()
    yield bus
    bus.close()


def test_a_service_that_is_not_there_is_an_error_in_words(bus):
    made = Connection(address(bus.environ))
    assert not made.owned(SERVICE[0])
    with pytest.raises(BusError, match="not provided by any"):
        made.call(*CALL, "GetCapabilities")
    made.close()


def test_a_service_answers_and_one_that_hangs_is_not_waited_for(bus, monkeypatch):
    bus.serve()
    made = Connection(address(bus.environ))
    assert made.owned(SERVICE[0])
    assert "body" in made.call(*CALL, "GetCapabilities")[0]
    bus.hang()
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT", 0.2)
    with pytest.raises(BusError, match="does not answer"):
        made.call(*CALL, "GetCapabilities")
    bus.recover()
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT", 20.0)
    assert "body" in made.call(*CALL, "GetCapabilities")[0]  # not the late answer of the other
    bus.leave()
    with pytest.raises(BusError):
        made.call(*CALL, "GetCapabilities")
    made.close()
