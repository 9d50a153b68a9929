"""The broker is asked to make room."""

import os

import pytest
from publishers import publisher_with
from wired import BOOT, Wired

from headway.protocol import messages, retirement, wire
from headway.protocol.wire import decode, encode
from headway.reporting import publisher
from headway_broker.peers import handshake, spooled
from headway_broker.shell.spool import REFUSED, RETRY_EVERY, Spool
from headway_broker.state.sessions import Credentials


@pytest.fixture
def wired():
    return Wired()


def test_stop_is_answered_before_it_is_done(wired):
    viewer = wired.viewer()
    viewer.ask("stop")
    assert viewer.heard(messages.Reply) == [messages.Reply(1, {}, None)]
    assert wired.stopped == "asked to stop"


def test_viewers_are_told_of_a_stop_so_that_only_work_starts_the_next(wired):
    worker, viewer = wired.worker(), wired.viewer()
    wired.viewer().ask("stop")
    assert viewer.heard(messages.Retire)
    assert not worker.heard(messages.Retire)


def test_a_newer_client_makes_everybody_connect_again(wired):
    worker = wired.worker()
    viewer = wired.viewer()
    viewer.ask("retire", major=1, minor=messages.MINOR + 1)
    assert worker.heard(messages.Retire)
    assert wired.stopped


@pytest.mark.parametrize("listens", [False, True])
def test_one_that_listens_on_a_network_takes_the_place_of_one_that_does_not(listens):
    wired = Wired(about={retirement.LISTENS: 1} if listens else {})
    worker, viewer = wired.worker(), wired.viewer()
    viewer.ask("retire", **retirement.words(None), listens=1)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": not listens}
    assert bool(worker.heard(messages.Retire)) != listens


@pytest.mark.parametrize("version", [(1, messages.MINOR + 1), (2, 0)])
def test_one_that_listens_on_a_network_stays_for_a_newer_client_of_its_machine(version):
    # What that client starts would not listen there.
    wired = Wired(about={retirement.LISTENS: 1, "service": "ci.service", "nice": 5})
    viewer = wired.viewer()
    viewer.ask("retire", major=version[0], minor=version[1], service=None, nice=0)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}
    assert wired.stopped is None


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        (("cron.service", 0), (None, 0), "outside of cron.service"),
        ((None, 10), (None, 0), "not as nice (10)"),
        ((None, 0), (None, 0), None),
        (("cron.service", 0), ("cron.service", 0), None),
        (("cron.service", 0), ("other.service", 0), None),
        ((None, 0), ("cron.service", -5), None),
    ],
)
def test_a_client_that_would_start_one_that_is_better_off_makes_it_retire(ours, theirs, why):
    about = dict(zip(("service", "nice"), ours))
    wired = Wired(about=about)
    viewer = wired.viewer()
    assert viewer.heard(messages.Welcome)[0].about == about
    asked = dict(zip(("service", "nice"), theirs))
    viewer.ask("retire", major=1, minor=messages.MINOR, **asked)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": why is not None}
    assert (wired.stopped is None) if why is None else why in wired.stopped


def test_a_client_with_fewer_limits_makes_it_retire():
    for told, retires in (({"limits": 0}, True), ({"limits": 2}, False), ({}, True)):
        viewer = Wired(about={"service": None, "nice": 0, "limits": 2}).viewer()
        viewer.ask("retire", major=1, minor=messages.MINOR, service=None, nice=0, **told)
        assert viewer.heard(messages.Reply)[0].result == {"retiring": retires}


def test_a_broker_that_a_person_has_started_tells_no_place_and_stays():
    wired = Wired(about={"version": "1"})
    viewer = wired.viewer()
    viewer.ask("retire", major=1, minor=0, service=None, nice=0)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}


@pytest.mark.parametrize(
    ("about", "minor", "retires"),
    [
        ({}, messages.MINOR, True),
        ({"service": None, "nice": 0}, messages.MINOR, True),
        ({"stays": 1}, messages.MINOR, False),
        ({"listens": 1}, messages.MINOR, False),
        # Else each program of the later version would ask it to retire in turn.
        ({}, messages.MINOR - 1, False),
    ],
)
def test_a_broker_that_stays_takes_the_place_of_one_that_does_not(about, minor, retires):
    viewer = Wired(about=about).viewer()
    viewer.ask("retire", major=1, minor=minor, stays=1)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": retires}


@pytest.mark.parametrize(
    "version", [{"major": 1, "minor": 0}, {"major": 0, "minor": 9}, {}, {"major": "2", "minor": 0}]
)
def test_nobody_else_makes_the_broker_retire(wired, version):
    viewer = wired.viewer()
    viewer.ask("retire", **version)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}
    assert wired.stopped is None


class Program:
    """A program's own publisher, which speaks to a broker of perhaps another version."""

    def __init__(self):
        self.publisher, self.operation = publisher_with("A")
        self.publisher.about.update(pid=7, boot=BOOT)

    def speak(self, wired, identity=b"program"):
        """Let both say what they have to say; return what the broker said."""
        said = []
        for _ in range(4):
            for message in self.publisher.take(wired.now, hurry=True):
                message = decode(encode(message), messages.INBOUND)  # noqa: PLW2901 - as it travels
                if isinstance(message, messages.Hello):
                    wired.core.greet(identity, Credentials(1000, 7), message, wired.now)
                else:
                    self.say(wired, identity, message)
            wired.carry_out()
            for answer in wired.sent.pop(identity, []):
                if type(answer) is not messages.Reannounce:  # to what came after a refused Hello
                    said.append(type(answer))
                self.publisher.receive(answer, wired.now)
        return said

    def say(self, wired, identity, message):
        session = wired.core.sessions.by_identity.get(identity)
        if session is None:
            wired.core.receive_unidentified(identity, wired.now)
        else:
            wired.core.receive(session, message, wired.now)

    def file(self, wired):
        """What it leaves behind at its end."""
        return list(self.publisher.spool_messages(wired.now))


def of_major(monkeypatch, major, *modules):
    for module in modules:
        monkeypatch.setattr(module, "MAJOR", major)


def test_a_program_of_a_newer_major_makes_the_broker_retire_and_tells_the_next(monkeypatch):
    of_major(monkeypatch, 2, publisher, retirement)
    wired, program = Wired(), Program()
    said = program.speak(wired)
    assert said == [messages.Refuse, messages.Welcome, messages.Reply, messages.Retire]
    assert wired.stopped == "a newer client asked to retire"
    assert wired.core.ledger.entries == {}
    program.publisher.lost()
    program.publisher.connected()
    of_major(monkeypatch, 2, handshake, spooled)
    following = Wired()
    assert messages.Refuse not in program.speak(following)
    assert following.operation("o" * 12).state == "running"


def test_a_program_of_an_older_major_is_refused_and_its_end_waits_for_a_broker(monkeypatch):
    wired, program = Wired(), Program()
    with monkeypatch.context() as newer:
        of_major(newer, 2, handshake, spooled)
        assert program.speak(wired) == [messages.Refuse]
        assert program.publisher.unheard
        assert wired.stopped is None
        program.operation.move("completed", 2.0)
        program.publisher.changed(program.operation)
        left = program.file(wired)
        assert wired.core.spooled.apply(left, 1000, wired.now).refused == ["version"]
    assert wired.core.spooled.apply(left, 1000, wired.now).ends == {"o" * 12}


def test_an_end_that_the_older_broker_sets_aside_is_taken_in_by_the_newer(monkeypatch, tmp_path):
    of_major(monkeypatch, 2, publisher)
    (tmp_path / "unsent").mkdir(mode=0o700)
    program = Program()
    program.operation.move("completed", 2.0)
    program.publisher.changed(program.operation)
    packed = b"".join(wire.pack(encode(message)) for message in program.file(Wired()))
    (tmp_path / "unsent" / "session").write_bytes(packed)
    older = Spool(str(tmp_path), os.getuid())
    for now in (0.0, RETRY_EVERY):  # however often it tries
        (found,) = older.read(now)
        assert Wired().core.spooled.apply(found.messages, 1000, 1.0).refused
        older.set_aside(found.path, REFUSED)
    of_major(monkeypatch, 2, handshake, spooled)
    (found,) = Spool(str(tmp_path), os.getuid()).read(0.0)
    file = Wired().core.spooled.apply(found.messages, 1000, 1.0)
    assert (file.ends, file.refused, found.aside) == ({"o" * 12}, [], None)


def test_a_program_of_an_older_minor_is_served_by_a_newer_broker(monkeypatch):
    monkeypatch.setattr(publisher, "MINOR", messages.MINOR - 1)
    monkeypatch.setattr(retirement, "MINOR", messages.MINOR - 1)
    wired, program = Wired(), Program()
    assert set(program.speak(wired)) <= {messages.Welcome, messages.Watched}
    assert wired.operation("o" * 12).state == "running"
    assert wired.stopped is None
