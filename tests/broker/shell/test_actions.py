import pytest
import zmq

from headway.protocol import messages
from headway.protocol.wire import decode
from headway_broker.shell import actions as rules
from headway_broker.shell.actions import Actions
from headway_broker.shell.log import Log
from headway_broker.state import effects


class CoreThatWants:
    """A core that has these effects to be carried out."""

    def __init__(self, *wanted):
        self.wanted = list(wanted)

    def take(self):
        taken, self.wanted = self.wanted, []
        return taken


class ClosedSockets:
    """A socket whose peer is gone."""

    def send(self, *_parts):
        raise zmq.ZMQError(zmq.EAGAIN)

    publish = send


class KeptJobs:
    def __init__(self):
        self.jobs = []

    def put(self, jobs):
        self.jobs.extend(jobs)


def made(tmp_path, *wanted):
    return Actions(CoreThatWants(*wanted), ClosedSockets(), None, Log(str(tmp_path)))


def test_notes_that_come_too_fast_are_not_all_logged(tmp_path):
    notes = [effects.Note(f"note {number}") for number in range(1000)]
    made(tmp_path, *notes).carry_out()
    lines = (tmp_path / "broker.log").read_text().splitlines()
    # As many in each of the two seconds that this may take.
    assert 0 < len(lines) <= 2 * rules.NOTES_PER_SECOND


@pytest.mark.parametrize(
    "effect",
    [
        effects.Send(b"gone", messages.Retire()),
        effects.SendStatus(b"gone", 1, {}),
        effects.Publish(b"", b""),
    ],
)
def test_a_peer_that_is_gone_stops_nobody(tmp_path, effect):
    actions = made(tmp_path, effect, effects.Stop("after it"))
    actions.carry_out()
    assert actions.stopping == "after it"


def test_the_status_is_sent_with_the_facts_of_the_process(tmp_path):
    sent = []

    class Sockets:
        def send(self, identity, frame):
            sent.append((identity, frame))

    core = CoreThatWants(effects.SendStatus(b"asker", 7, {"open": 2}))
    log = Log(str(tmp_path))
    Actions(core, Sockets(), None, log, lambda: {"pid": 5}).carry_out()
    [(identity, frame)] = sent
    assert identity == b"asker"
    reply = messages.Reply(7, {"pid": 5, "open": 2}, None)
    assert decode(frame, messages.OUTBOUND) == reply


def test_the_reason_to_stop_is_told(tmp_path):
    actions = made(tmp_path, effects.Stop("idle"))
    assert actions.stopping is None
    actions.carry_out()
    assert actions.stopping == "idle"


def test_what_is_to_be_stored_goes_to_the_history_once_it_is_open(tmp_path):
    claim = effects.StoreClaim("key")
    actions = made(tmp_path, claim)
    actions.carry_out()
    actions._core.wanted.append(claim)
    actions.history = KeptJobs()
    actions.carry_out()
    assert actions.history.jobs == [claim]
