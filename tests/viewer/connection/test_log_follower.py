from showcase import NOW, operation

from headway.protocol.messages import Reply
from headway_viewer.connection.log_follower import RESEND, LogFollower

OPEN = operation("7f3aaaaaaaaa", "npm install")
KNOWN = {OPEN.id: OPEN}


class Asked:
    """A feed that notes requests; `replies` are what has come."""

    def __init__(self):
        self.requests = []
        self.replies = {}

    def request(self, verb, arguments):
        self.requests.append((verb, arguments))
        return len(self.requests)

    def reply(self, number):
        return self.replies.pop(number, None)


def here(data, offset=0):
    end = offset + len(data)
    return {"found": "here", "offset": offset, "data": data, "end": end, "total": end}


def test_output_becomes_lines_and_more_is_asked_for_from_where_it_ends():
    feed, log = Asked(), LogFollower()
    log.follow(OPEN.id, feed, NOW)
    feed.replies[1] = Reply(1, here(b"one\ntwo\nthr"), None)
    assert log.take(feed, KNOWN, NOW)
    assert list(log.lines) == ["one", "two"]
    log.follow(OPEN.id, feed, NOW + 1.0)
    assert feed.requests[-1] == ("logs", {"operation": OPEN.id, "offset": 11})
    feed.replies[2] = Reply(2, here(b"ee\n", 11), None)
    log.take(feed, KNOWN, NOW + 1.0)
    assert list(log.lines) == ["one", "two", "three"]


def test_one_request_is_open_at_a_time_and_one_that_is_lost_is_sent_again():
    feed, log = Asked(), LogFollower()
    log.follow(OPEN.id, feed, NOW)
    log.follow(OPEN.id, feed, NOW + RESEND - 0.1)
    assert len(feed.requests) == 1
    assert not log.take(feed, KNOWN, NOW)
    log.follow(OPEN.id, feed, NOW + RESEND)
    assert len(feed.requests) == 2


def test_another_operation_begins_with_an_empty_page():
    feed, log = Asked(), LogFollower()
    log.follow(OPEN.id, feed, NOW)
    feed.replies[1] = Reply(1, here(b"one\n"), None)
    log.take(feed, KNOWN, NOW)
    log.follow("2c9aaaaaaaaa", feed, NOW)
    assert not log.lines
    assert feed.requests[-1][1]["operation"] == "2c9aaaaaaaaa"


def test_where_there_is_none_it_says_why():
    feed, log = Asked(), LogFollower()
    log.follow(OPEN.id, feed, NOW)
    feed.replies[1] = Reply(1, {"found": "none"}, None)
    log.take(feed, KNOWN, NOW)
    assert "keeps no output" in log.absent


def test_why_no_output_can_be_asked_for_is_said():
    feed, log = Asked(), LogFollower()
    log.follow(OPEN.id, feed, NOW)
    feed.replies[1] = Reply(1, {}, "its output stays on db")
    assert log.take(feed, KNOWN, NOW)
    assert log.absent == "its output stays on db"
