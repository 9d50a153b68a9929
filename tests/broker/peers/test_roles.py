"""What each role may send: every message and every request, by a worker and by a viewer."""

import pytest
from wired import Wired

from headway.model import Operation
from headway.protocol import messages
from headway_broker.peers.roles import ROLES, WORKER_VERBS

RECORD = Operation("mine00000000", "Install").record()
MESSAGES = [
    messages.Announce(1, 1.0, True, RECORD, []),
    messages.Counts(1, 1.0, {1: 5}),
    messages.Share(1, 1.0, "op", 1, 5),
    messages.Log("op", None, ["line"]),
    messages.Beat(0, 1.0),
    messages.Bye(1, 1.0),
    messages.Answer(1, "accepted", None),
    messages.Request(1, "status", {}),
    messages.Work("op", 1.0, 2.0, 3, 4, [5]),
    messages.Output("op", 0, b"line", 4, False),
]
WORKERS_ONLY = {"Announce", "Counts", "Share", "Log", "Answer", "Work", "Output"}
VERBS = ["cancel", "claim", "draw", "drawn", "logs", "status", "stop", "retire"]


def test_every_message_but_hello_is_in_the_table():
    assert {type(message) for message in MESSAGES} == set(messages.INBOUND) - {messages.Hello}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_sends_its_own_messages_only(role, message):
    wired = Wired()
    peer = wired.worker() if role == "worker" else wired.viewer()
    wired.core.receive(wired.core.sessions.by_id[peer.session], message, wired.now)
    refused = role == "viewer" and type(message).__name__ in WORKERS_ONLY
    assert wired.dropped().get("role", 0) == refused
    assert "mine00000000" not in wired.core.ledger.entries or not refused


@pytest.mark.parametrize("verb", VERBS)
def test_a_worker_asks_for_nothing_that_is_a_viewers(verb):
    wired = Wired()
    peer = wired.worker()
    session = wired.core.sessions.by_id[peer.session]
    wired.core.receive(session, messages.Request(1, verb, {}), wired.now)
    assert wired.dropped().get("role", 0) == (verb not in WORKER_VERBS)


def test_counts_of_a_viewer_do_not_take_the_short_way():
    wired = Wired()
    peer = wired.viewer()
    session = wired.core.sessions.by_id[peer.session]
    assert not wired.core.receive_counts(session, 1, {1: 5}, 10, wired.now)
