"""What went wrong is said with what to do."""

import pytest

from headway_viewer.fleet.nats import problems
from headway_viewer.fleet.nats.encryption import NotEncrypted
from headway_viewer.fleet.nats.jetstream import ServerError

SERVER = "nats://db"


class NoRespondersError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "nothing listens at nats://db"),
        (OSError("[Errno -2] Name or service not known"), "no host of that name"),
        (Exception("nats: 'Authorization Violation'"), "refuses these credentials"),
        (ConnectionResetError(104, "Connection reset by peer"), "refuses these credentials, or is"),
        (Exception("nats: timeout"), "does not answer"),
        (Exception("certificate verify failed"), "--tls-ca"),
        (NotEncrypted(), "nats://db offers no TLS, which tls:// and --tls-ca ask for"),
        (Exception(""), "cannot connect to nats://db"),
    ],
)
def test_why_there_is_no_connection(error, words):
    assert words in problems.connecting(error, SERVER)


@pytest.mark.parametrize(
    ("error", "denied", "words"),
    [
        (Exception("timeout"), "permissions violation for x", "docs/fleet.md"),
        (ServerError("stream not found", 10059), None, "headway uplink"),
        (ServerError("insufficient storage", 10047), None, "give JetStream more"),
        (NoRespondersError(), None, "nats-server with -js"),
        (Exception("timeout"), None, "does not answer for its stream"),
    ],
)
def test_why_the_stream_cannot_be_used(error, denied, words):
    assert words in problems.preparing(error, SERVER, denied, creates=True)


@pytest.mark.parametrize(
    ("error", "denied", "words"),
    [
        (ServerError("maximum bytes exceeded", 10077), None, "is full"),
        (Exception("timeout"), "permissions violation", "may not publish"),
        (NoRespondersError(), None, "no stream HEADWAY any more"),
        (Exception("timeout"), None, "does not acknowledge"),
    ],
)
def test_why_an_end_is_not_stored(error, denied, words):
    assert words in problems.storing(error, SERVER, denied)


@pytest.mark.parametrize(
    ("heard", "subject"),
    [
        ("$js.api.stream.info.headway", "$JS.API.STREAM.INFO.HEADWAY"),
        (
            "$js.api.consumer.create.headway.view-7f.headway.>",
            "$JS.API.CONSUMER.CREATE.HEADWAY.view-7f.headway.>",
        ),
        ("headway-control.berlin.db_2eexample.root", "headway-control.berlin.db_2Eexample.root"),
        ("_inbox.viewer.>", "_INBOX.viewer.>"),
        ("$js.ack.x", "$JS.ack.x"),
    ],
)
def test_what_is_refused_is_told_as_permissions_have_it(heard, subject):
    words = f"nats: 'permissions violation for publish to \"{heard}\"'"
    assert problems.denial(words) == f'permissions violation for publish to "{subject}"'
