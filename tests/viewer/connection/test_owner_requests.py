from showcase import operation

from headway.protocol.messages import Reply
from headway_viewer.connection.owner_requests import OwnerRequests, refusal


class Asked:
    """A feed that notes requests; without a `broker` it can send none."""

    def __init__(self, *, broker=True):
        self.broker = broker
        self.requests = []
        self.replies = {}

    def request(self, verb, arguments):
        self.requests.append((verb, arguments))
        return len(self.requests) if self.broker else None

    def reply(self, number):
        return self.replies.pop(number, None)


def test_what_comes_of_a_request_is_told_when_it_is_answered():
    feed, requests = Asked(), OwnerRequests()
    apt = operation("2c9aaaaaaaaa", "apt upgrade")
    assert requests.cancel(feed, apt) == "asked to cancel apt upgrade"
    assert feed.requests == [("cancel", {"operation": apt.id, "reason": None, "kill": False})]
    assert requests
    assert requests.take(feed) is None
    feed.replies[1] = Reply(1, {"answer": "refused", "reason": "dpkg is at work"}, None)
    assert requests.take(feed) == "apt upgrade cannot be cancelled: dpkg is at work"
    assert not requests


def test_pause_is_a_toggle():
    feed, requests = Asked(), OwnerRequests()
    apt = operation("2c9aaaaaaaaa", "apt upgrade")
    assert requests.pause(feed, apt) == "asked to pause apt upgrade"
    apt.state, apt.reason = "waiting", "paused"
    assert requests.pause(feed, apt) == "asked to resume apt upgrade"


def test_what_has_ended_is_asked_nothing():
    feed = Asked()
    over = operation("2c9aaaaaaaaa", "apt upgrade", "failed", ended=-1.0)
    assert OwnerRequests().cancel(feed, over) == "apt upgrade has ended: failed"
    assert feed.requests == []
    assert refusal(None) == ""


def test_without_a_broker_it_says_so():
    apt = operation("2c9aaaaaaaaa", "apt upgrade")
    assert OwnerRequests().pause(Asked(broker=False), apt) == "there is no broker now"
