"""Every effect is one that the broker can carry out."""

import typing

from headway_broker.shell import server
from headway_broker.shell.actions import Actions
from headway_broker.state import effects


def test_there_is_an_action_for_every_effect():
    actions = Actions(None, None, None, server.Log(None))
    assert actions.kinds == set(typing.get_args(effects.Effect))
