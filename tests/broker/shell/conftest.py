import tempfile

import pytest
from turned import Turned

from headway_broker.shell import server as rules


@pytest.fixture
def turned(tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        turned = Turned(directory)
        yield turned
        for peer in turned.peers:
            peer.socket.linger = 0
            peer.close()
        turned.server.close()
