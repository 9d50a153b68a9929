"""The service that a process is stopped with."""

import os

import pytest

from headway.host.launch import cgroup
from headway.protocol.retirement import Surroundings


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("0::/system.slice/cron.service\n", "cron.service"),
        ("0::/system.slice/cron.service/worker\n", "cron.service"),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-term-7.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.service\n", "a.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service\n", None),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/headway-broker-x.service",
            None,
        ),
        ("0::/system.slice/docker-0a.scope\n", None),
        ("0::/system.slice/containerd.service/docker-0a.scope\n", None),
        ("9:name=systemd:/system.slice/cron.service\n4:memory:/\n0::/\n", "cron.service"),
        ("4:memory:/x.service\n0::/\n", None),
        ("0::/\n", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_a_service_is_told_from_sessions_scopes_and_our_own_units(text, service):
    assert cgroup.service_in(text) == service


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/a/b.service\n", "/a/b.service"),
        ("9:name=systemd:/a:b\n4:memory:/m\n0::/\n", "/a:b"),
        ("0::/\n", "/"),
        ("", None),
    ],
)
def test_the_control_group_is_the_one_that_systemd_sees(text, path):
    assert cgroup.path_in(text) == path


def test_of_a_process_that_is_gone_nothing_is_known():
    assert cgroup.group(2**22 + 1) == ""


def test_our_own_surroundings_are_those_of_this_process():
    assert cgroup.own().nice == os.getpriority(os.PRIO_PROCESS, 0)


@pytest.fixture
def manager(tmp_path):
    """A user's service manager, and the folder of what reaches it."""
    (tmp_path / str(os.geteuid()) / "systemd" / "private").mkdir(parents=True)
    tool = tmp_path / "bin" / "systemd-run"
    tool.parent.mkdir()
    tool.write_text("")
    tool.chmod(0o755)
    return tmp_path


def test_the_service_manager_of_our_own_user_is_found_by_its_tool(manager):
    environ = {"PATH": f"relative:{manager}/bin"}
    user = os.geteuid()
    assert cgroup.user_manager(environ, user, str(manager)) == f"{manager}/bin/systemd-run"
    assert cgroup.user_manager({"PATH": "/nowhere"}, user, str(manager)) is None
    assert cgroup.user_manager(environ, user, str(manager / "bin")) is None
    assert cgroup.user_manager(environ, user + 1, str(manager)) is None


@pytest.mark.parametrize(
    ("here", "managed", "there"),
    [
        (Surroundings("cron.service", 5), False, Surroundings("cron.service", 5)),
        (Surroundings("cron.service", 5), True, Surroundings(None, 0)),
        (Surroundings(None, 5), True, Surroundings(None, 5)),
        (Surroundings(None, -5), False, Surroundings(None, 0)),
    ],
)
def test_a_broker_runs_where_its_starter_does_or_with_the_service_manager(
    here, managed, there, monkeypatch
):
    monkeypatch.setattr(cgroup, "own", lambda: here)
    monkeypatch.setattr(cgroup, "user_manager", lambda environ, user: "x" if managed else None)
    assert cgroup.for_broker({}, 0) == there
