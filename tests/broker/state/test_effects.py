"""Every effect is one that the server can carry out."""

import typing

from headway_broker.shell import server
from headway_broker.state import effects


def test_the_server_knows_every_effect(tmp_path):
    single_instance = server.SingleInstance(str(tmp_path))
    shell = server.Server(str(tmp_path), None, single_instance, server.Log(None), 1.0)
    assert set(shell._actions._actions) == set(typing.get_args(effects.Effect))
    shell.close()
