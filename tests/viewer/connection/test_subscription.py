"""What is subscribed to, as the publisher hears it."""

import tempfile

import pytest
import zmq
from showcase import INSTANCE, NOW, installers, snapshot

from headway.protocol import messages, wire
from headway_viewer.connection.subscription import SNAPSHOT_RETRY, Subscription
from headway_viewer.replica.replica import Replica


class Publisher:
    """The follow socket of a broker, and what was subscribed to there."""

    def __init__(self, directory):
        self.endpoint = f"ipc://{directory}/follow.sock"
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.bind(self.endpoint)

    def heard(self, number):
        """The kinds of the next subscriptions ("+d") and of what is given up ("-d")."""
        found = []
        for _ in range(number):
            assert self.socket.poll(10_000)
            topic = self.socket.recv()
            name = topic[1:] if len(topic) <= 3 else topic[1:2]  # of an inbox its kind
            found.append(("-", "+")[topic[0]] + name.decode())
            self.latest = topic[1:]
        return found

    def silent(self):
        return not self.socket.poll(50)


@pytest.fixture
def publisher():
    with tempfile.TemporaryDirectory(prefix="hws", dir="/tmp") as directory:
        publisher = Publisher(directory)
        yield publisher
        publisher.context.destroy(linger=0)


@pytest.fixture
def subscribe(publisher):
    made = []

    def subscribe(replica=None, **options):
        wanted = {"events": False, "attends": False, "overview": False, "screen": False, **options}
        made.append(Subscription(replica or Replica(), publisher.context, **wanted))
        return made[-1]

    yield subscribe
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("options", "topics"),
    [
        ({}, ["+d", "+i"]),
        ({"events": True}, ["+e", "+j"]),
        ({"attends": True}, ["+ds", "+i"]),
        ({"overview": True}, ["+k"]),
        ({"screen": True}, ["+s", "+l"]),
    ],
)
def test_each_kind_of_viewer_follows_a_stream_and_gets_snapshots_of_it(
    publisher, subscribe, options, topics
):
    subscribe(**options).connect(publisher.endpoint, NOW)
    assert publisher.heard(len(topics)) == topics
    assert publisher.silent()


def test_an_older_broker_has_no_screens_and_no_overviews(publisher, subscribe):
    screen, overview = subscribe(screen=True), subscribe(overview=True)
    screen.suit((1, 4), NOW)
    screen.connect(publisher.endpoint, NOW)
    assert publisher.heard(2) == ["+d", "+i"]
    overview.suit((1, 1), NOW)
    overview.connect(publisher.endpoint, NOW)
    assert publisher.heard(1) == ["+i"]  # the stream is subscribed to already


def test_a_snapshot_is_requested_again_on_another_inbox_once_it_is_overdue(publisher, subscribe):
    made = subscribe()
    made.connect(publisher.endpoint, NOW)
    assert publisher.heard(2) == ["+d", "+i"]
    first = publisher.latest
    made.request_overdue(NOW + SNAPSHOT_RETRY / 2)
    assert publisher.silent()
    made.request_overdue(NOW + SNAPSHOT_RETRY)
    assert publisher.heard(2) == ["-i", "+i"]
    assert publisher.latest != first


def test_who_looks_at_all_follows_the_whole_stream(publisher, subscribe):
    made = subscribe(screen=True)
    made.connect(publisher.endpoint, NOW)
    publisher.heard(2)
    made.screen = False
    made.choose_stream(NOW)
    assert publisher.heard(4) == ["-s", "-l", "+d", "+i"]


def test_what_comes_is_folded_and_lines_are_handed_on(publisher, subscribe):
    replica = Replica()
    made = subscribe(replica)
    made.connect(publisher.endpoint, NOW)
    publisher.heard(2)
    lines = messages.Lines(INSTANCE, 1, NOW, installers()[0].id, None, ["a line"])
    for topic, message in (
        (publisher.latest, snapshot(installers(), sequence=1, instance=INSTANCE)),
        (b"d", lines),
    ):
        publisher.socket.send_multipart([topic, wire.encode(message)])
    told = []
    while not told:
        assert made.socket.poll(10_000)
        told += made.receive(lambda: NOW)
    assert not replica.wanted
    assert len(replica.operations) == len(installers())
