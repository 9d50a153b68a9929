"""Every effect is one that the server can carry out."""

import typing

from headway_broker.shell import server
from headway_broker.state import effects


def test_the_server_knows_every_effect(tmp_path):
    claimed = server.Claim(str(tmp_path))
    shell = server.Server(str(tmp_path), None, claimed, server.Log(None), 1.0)
    assert set(shell._carry) == set(typing.get_args(effects.Effect))
    shell.close()
