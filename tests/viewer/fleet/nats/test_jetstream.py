"""The requests to JetStream and its answers."""

import calendar
import json
import time

import pytest

from headway_viewer.fleet.nats import jetstream
from headway_viewer.fleet.nats.jetstream import ServerError


def info(**config):
    made = {"subjects": ["headway.>"], "max_msgs_per_subject": 1, "max_age": 86400 * 10**9}
    return {"config": {**made, **config}}


def test_the_stream_keeps_the_last_state_of_each_operation():
    subject, data = jetstream.create_stream("headway")
    assert subject == "$JS.API.STREAM.CREATE.HEADWAY"
    settings = json.loads(data)
    assert settings["max_msgs_per_subject"] == 1
    assert settings["discard"] == "old"
    assert jetstream.unsuitable({"config": settings}, "headway") is None
    assert jetstream.doubtful({"config": settings}) is None


def test_the_filter_stands_in_the_subject_where_permissions_can_confine_it():
    subject, data = jetstream.create_consumer("view-1", "headway.berlin.>", "_INBOX.x")
    assert subject == "$JS.API.CONSUMER.CREATE.HEADWAY.view-1.headway.berlin.>"
    assert json.loads(data)["config"]["deliver_policy"] == "last_per_subject"


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("$JS.ACK.HEADWAY.view-1.1.250.7.1700000000500000000.42", (7, 1.7e9 + 0.5, 42)),
        ("$JS.ACK.hub.A1.HEADWAY.view-1.1.250.7.1700000000500000000.42", (7, 1.7e9 + 0.5, 42)),
        ("$JS.ACK.hub.A1.HEADWAY.view-1.1.250.7.1700000000500000000.42.r4", (7, 1.7e9 + 0.5, 42)),
        ("$JS.ACK.HEADWAY.view-1.1.250.x.7.42", None),
        ("$JS.ACK.HEADWAY", None),
        ("_INBOX.abc.1", None),
    ],
)
def test_where_a_message_stands_is_read_from_its_reply_subject(reply, found):
    assert jetstream.delivery_of(reply) == found


@pytest.mark.parametrize(
    ("words", "ahead"),
    [
        ("2026-11-30T08:19:19.123456789Z", 0),
        ("2024-02-29T23:59:59Z", 0),
        ("2026-01-01T00:30:00+02:00", 7200),
        ("2026-01-01T00:30:00.5-03:30", -12600),
    ],
)
def test_times_are_read_as_servers_write_them(words, ahead):
    whole = calendar.timegm(time.strptime(words[:19], "%Y-%m-%dT%H:%M:%S")) - ahead
    assert int(jetstream.unix_time(words)) == whole


@pytest.mark.parametrize("words", ["", "yesterday", None, "2026-11-30", 5])
def test_what_is_no_time_is_told(words):
    with pytest.raises(ServerError):
        jetstream.unix_time(words)


def test_errors_of_the_server_are_told_apart():
    def error(code):
        with pytest.raises(ServerError) as caught:
            jetstream.answer(json.dumps({"error": {"err_code": code, "description": "x"}}).encode())
        return caught.value

    assert error(10059).is_missing
    assert error(10077).is_full
    assert not error(10000).is_full
    for data in (b"", b"[]", b"\xff"):
        with pytest.raises(ServerError):
            jetstream.answer(data)
    assert jetstream.answer(b'{"seq": 5}') == {"seq": 5}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"subjects": ["other.>"]}, "other.>"),
        ({"no_ack": True}, "acknowledges nothing"),
        ({"sealed": True}, "sealed"),
    ],
)
def test_a_stream_with_settings_that_do_not_work_is_refused_with_what_to_do(config, words):
    assert words in jetstream.unsuitable(info(**config), "headway")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"max_msgs_per_subject": -1}, "max_msgs_per_subject to 1"),
        ({"max_msgs_per_subject": 5}, "keeps 5 messages"),
        ({"max_age": 10 * 10**9}, "forgets after 10 s"),
    ],
)
def test_a_stream_with_settings_that_work_badly_is_used_and_that_is_said(config, words):
    assert jetstream.unsuitable(info(**config), "headway") is None
    assert words in jetstream.doubtful(info(**config))


def test_a_stream_that_keeps_for_ever_has_no_age():
    assert jetstream.max_age(info(max_age=0)) is None
    assert jetstream.max_age(info()) == 86400
    assert jetstream.max_age({}) is None


def test_a_leaf_node_is_asked_by_the_domain_of_its_hub():
    assert jetstream.in_domain("$JS.API.INFO", None) == "$JS.API.INFO"
    assert jetstream.in_domain("$JS.API.STREAM.INFO.X", "hub") == "$JS.hub.API.STREAM.INFO.X"
    assert jetstream.in_domain("headway.a.b.c", "hub") == "headway.a.b.c"
