import os
import socket

import pytest

from headway_broker.shell.readiness import tell


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A service manager's socket, and the variable that names it."""
    path = str(tmp_path / "notify") if request.param == "path" else f"@headway-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path.replace("@", "\0"))
        listening.settimeout(10)
        yield listening, {"NOTIFY_SOCKET": path}


def test_the_manager_is_told(manager):
    listening, environ = manager
    tell(environ, "READY=1\nSTATUS=x")
    assert listening.recv(100) == b"READY=1\nSTATUS=x"


@pytest.mark.parametrize(
    "address", ["", "relative", "vsock:2:1", "/nowhere/there", "@" + "x" * 200]
)
def test_where_nobody_listens_nobody_is_told_and_the_next_manager_is(address, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        tell({"NOTIFY_SOCKET": address}, "lost")
        tell({}, "lost")
        tell({"NOTIFY_SOCKET": str(tmp_path / "notify")}, "READY=1")
        assert listening.recv(100) == b"READY=1"
