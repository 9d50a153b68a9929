"""Which directory a program takes, and which it refuses."""

from __future__ import annotations

import os
import pathlib

import pytest

from headway.protocol import endpoint
from headway.protocol.endpoint import (
    EndpointRefused,
    NoRuntimeDirectory,
    NotMade,
    named_socket,
    network_endpoint,
    runtime_directory,
    state_directory,
)

UID = os.getuid()


def test_the_named_directory_is_made_private(tmp_path):
    named = str(tmp_path / "run")

    assert runtime_directory({"HEADWAY_RUNTIME_DIR": named}, UID) == named
    assert os.stat(named).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("umask", [0o777, 0o177, 0o000])
def test_the_named_directory_is_private_whatever_the_umask(tmp_path, umask):
    named = str(tmp_path / "run")
    before = os.umask(umask)
    try:
        assert runtime_directory({"HEADWAY_RUNTIME_DIR": named}, UID) == named
    finally:
        os.umask(before)
    assert os.stat(named).st_mode & 0o777 == 0o700


def test_a_directory_that_an_earlier_program_left_closed_is_opened(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o600)
    named = str(tmp_path / "run")

    assert runtime_directory({"HEADWAY_RUNTIME_DIR": named}, UID, make=False) == named
    assert os.stat(named).st_mode & 0o777 == 0o700


def test_a_directory_closed_to_its_owner_is_refused_with_its_mode(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o600)

    assert "closed to its owner (mode 0600)" in endpoint.reason_against(str(tmp_path / "run"), UID)


def test_a_directory_that_is_not_to_be_made_has_to_be_there(tmp_path):
    with pytest.raises(NotMade, match=r"no runtime directory has been made yet: .*/run"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / "run")}, UID, make=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("place", ["open", "link", "file", "nowhere/run", "file/run", "x" * 200])
def test_what_cannot_be_used_is_told_alike_whether_or_not_it_would_be_made(tmp_path, place):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    (tmp_path / "file").write_text("")
    told = []
    for make in (False, True):
        with pytest.raises(NoRuntimeDirectory) as found:
            runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / place)}, UID, make=make)
        assert not isinstance(found.value, NotMade)
        told.append(str(found.value))
    assert told[0] == told[1]


def test_a_directory_open_to_others_is_refused_with_its_mode(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    (tmp_path / "run").chmod(0o755)

    with pytest.raises(NoRuntimeDirectory, match="mode 0755"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / "run")}, UID)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "there").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "there")

    with pytest.raises(NoRuntimeDirectory, match="symbolic link"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / "run")}, UID)


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "run").write_text("")

    with pytest.raises(NoRuntimeDirectory, match="not a directory"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / "run")}, UID)


@pytest.mark.skipif(UID != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    os.chown(tmp_path / "run", 12345, -1)

    with pytest.raises(NoRuntimeDirectory, match="belongs to uid 12345"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": str(tmp_path / "run")}, 0)


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    long = str(tmp_path / ("x" * 120))

    with pytest.raises(NoRuntimeDirectory, match="too long"):
        runtime_directory({"HEADWAY_RUNTIME_DIR": long}, UID)


@pytest.mark.parametrize("xdg", ["/run/user/1000", "/somewhere/private"])
def test_programs_with_and_without_xdg_variables_try_the_same_places_first(xdg):
    cron = endpoint.candidates({}, 1000)
    desktop = endpoint.candidates({"XDG_RUNTIME_DIR": xdg}, 1000)

    assert desktop[: len(cron)] == cron
    assert cron == [("/run/user/1000", "/run/user/1000/headway"), ("/tmp", "/tmp/headway-1000")]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Two runtime directories to choose from, of which the second is there."""
    made = [tmp_path / "first", tmp_path / "second"]
    for parent in made:
        parent.mkdir(mode=0o700)
    (made[1] / "headway").mkdir(mode=0o700)
    found = [(str(parent), str(parent / "headway")) for parent in made]
    monkeypatch.setattr(endpoint, "candidates", lambda environ, uid: found)
    return [directory for _, directory in found]


def test_what_could_be_made_in_the_first_place_is_no_reason_to_look_in_the_second(places):
    with pytest.raises(NotMade, match="first/headway"):
        runtime_directory({}, UID, make=False)
    assert runtime_directory({}, UID) == places[0]


@pytest.mark.parametrize("make", [False, True])
def test_a_place_where_a_broker_has_begun_is_taken_before_a_better_one(places, make):
    (pathlib.Path(places[1]) / "report.sock").write_text("")

    assert runtime_directory({}, UID, make=make) == places[1]
    assert endpoint.brokers({}, UID) == [places[1]]


def test_the_socket_of_a_broker_in_a_directory_of_others_is_none(places):
    (pathlib.Path(places[1]) / "report.sock").write_text("")
    os.chmod(places[1], 0o755)

    assert runtime_directory({}, UID) == places[0]


def test_of_two_brokers_everybody_takes_the_first(places):
    for place in places:
        os.makedirs(place, mode=0o700, exist_ok=True)
        (pathlib.Path(place) / "report.sock").write_text("")

    assert runtime_directory({}, UID) == places[0]
    assert endpoint.brokers({}, UID) == places


def test_a_relative_xdg_directory_is_not_used():
    assert endpoint.candidates({"XDG_RUNTIME_DIR": "here"}, 5) == endpoint.candidates({}, 5)


def test_under_sudo_root_reports_to_the_user_who_typed_it():
    assert endpoint.user_of({"SUDO_UID": "1000"}, 0) == 1000
    assert endpoint.user_of({"SUDO_UID": "1000"}, 7) == 7
    assert endpoint.user_of({"SUDO_UID": "x"}, 0) == 0
    assert endpoint.user_of({}, 0) == 0


def test_state_is_kept_where_the_environment_says():
    assert state_directory({"HEADWAY_STATE_DIR": "/s"}, "/home/u") == "/s"
    assert state_directory({"XDG_STATE_HOME": "/x"}, "/home/u") == "/x/headway"
    assert state_directory({"XDG_STATE_HOME": "x"}, "/home/u") == "/home/u/.local/state/headway"
    assert state_directory({}, "/home/u") == "/home/u/.local/state/headway"


@pytest.mark.parametrize(
    ("named", "path"),
    [(None, None), ("", None), ("/run/x.sock", "/run/x.sock"), ("ipc:///run/x", "/run/x")],
)
def test_an_endpoint_is_named_by_a_path(named, path):
    assert named_socket({} if named is None else {"HEADWAY_ENDPOINT": named}) == path


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("tcp://127.0.0.1:9", "needs the broker's own machine"),
        ("tcp://" + "a" * 5000 + ":1", "needs the broker's own machine"),
        ("udp://127.0.0.1:9", "no absolute path"),
        ("inproc://x", "no absolute path"),
        ("vsock://1:2", "no absolute path"),
        ("ipc://", "no absolute path"),
        ("ipc://@abstract", "no absolute path"),
        ("ipc://relative", "no absolute path"),
        ("nonsense", "no absolute path"),
        (" ", "no absolute path"),
        ("/" + "x" * 300, "too long"),
        ("/\udc80x", "not UTF-8"),
        ("/dev/null", "that is no socket"),
        ("ipc:///", "that is no socket"),
    ],
)
def test_what_is_no_socket_of_this_machine_is_refused_in_one_line(named, why):
    with pytest.raises(EndpointRefused, match=why) as refused:
        named_socket({"HEADWAY_ENDPOINT": named})
    text = str(refused.value)
    assert "unset it, or set it to the path of a socket" in text
    assert len(text) < 250
    assert text.isprintable()


@pytest.mark.parametrize(
    "named",
    ["tcp://127.0.0.1:7411", "tcp://build.lab:1", "tcp://[2001:db8::1]:65533", "tcp://a_b-c:7411"],
)
def test_an_endpoint_on_a_network_has_a_host_and_a_port(named):
    assert network_endpoint({"HEADWAY_ENDPOINT": named}) == named


@pytest.mark.parametrize(
    "named",
    [
        "tcp://",
        "tcp://host",
        "tcp://host:",
        "tcp://host:0",
        "tcp://host:65535",
        "tcp://host:1e3",
        "tcp://:7411",
        "tcp://*:7411",
        "tcp://a;b:7411",
        "tcp://a b:7411",
        "tcp://2001:db8::1:7411",
        "tcp://" + "a" * 5000 + ":1",
    ],
)
def test_one_without_is_refused_in_one_line(named):
    with pytest.raises(EndpointRefused) as refused:
        network_endpoint({"HEADWAY_ENDPOINT": named})
    assert len(str(refused.value)) < 250
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("named", [None, "", "/a/b", "ipc:///a/b", "udp://127.0.0.1:9"])
def test_what_names_no_network_is_none(named):
    assert network_endpoint({} if named is None else {"HEADWAY_ENDPOINT": named}) is None


def test_who_has_begun_before_headway_was_uninstalled_makes_nothing_again(tmp_path, monkeypatch):
    monkeypatch.setattr(endpoint, "_first_marks", {})
    named = str(tmp_path / "run")
    environ = {"HEADWAY_RUNTIME_DIR": named}
    runtime_directory(environ, UID)
    endpoint.refuse_uninstalled()
    mark = tmp_path / "run" / endpoint.UNINSTALLED
    mark.touch()
    for refused in (endpoint.refuse_uninstalled, lambda: runtime_directory(environ, UID)):
        with pytest.raises(endpoint.Uninstalled, match="after this program had begun"):
            refused()
    monkeypatch.setattr(endpoint, "_first_marks", {})
    assert runtime_directory(environ, UID) == named, "what begins afterwards is meant to be seen"
    endpoint.refuse_uninstalled()
