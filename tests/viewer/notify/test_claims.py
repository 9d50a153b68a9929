from headway.protocol.messages import Reply
from headway_viewer.notify.claims import RETRY_AFTER, Claims
from headway_viewer.notify.notice import Notice

NOTICE = Notice("end:a:1:failed", "failed", "a failed", "after 3 s", "after 3 s")


class Broker:
    """Grants every key once, when it is there."""

    def __init__(self):
        self.there = True
        self.answers = True
        self.asked = []
        self.replies = {}
        self.claimed = set()

    def ask(self, verb, arguments):
        assert verb == "claim"
        if not self.there:
            return None
        self.asked.append(arguments["key"])
        number = len(self.asked)
        if self.answers:
            granted = arguments["key"] not in self.claimed
            self.claimed.add(arguments["key"])
            self.replies[number] = Reply(number, {"granted": granted}, None)
        return number

    def reply(self, number):
        return self.replies.pop(number, None)


def test_one_of_several_notifiers_is_granted_a_notice():
    broker = Broker()
    notifiers = [Claims(broker.ask, broker.reply) for _ in range(5)]
    for claims in notifiers:
        claims.add(NOTICE, 1.0)
    granted = [notice for claims in notifiers for notice in claims.granted(1.1)]
    assert granted == [NOTICE]
    assert not any(claims.pending for claims in notifiers)


def test_without_a_broker_it_waits_for_one():
    broker = Broker()
    broker.there = False
    claims = Claims(broker.ask, broker.reply)
    claims.add(NOTICE, 1.0)
    assert claims.granted(2.0) == []
    assert claims.pending
    broker.there = True
    claims.granted(3.0)
    assert claims.granted(3.1) == [NOTICE]


def test_a_reply_that_was_lost_is_asked_for_again():
    broker = Broker()
    broker.answers = False
    claims = Claims(broker.ask, broker.reply)
    claims.add(NOTICE, 1.0)
    assert claims.granted(1.0 + RETRY_AFTER / 2) == []
    broker.answers = True
    claims.granted(1.0 + RETRY_AFTER)
    assert claims.granted(1.1 + RETRY_AFTER) == [NOTICE]
    assert len(broker.asked) == 2


def test_a_broker_that_knows_no_claims_is_no_reason_for_silence():
    claims = Claims(lambda _verb, _arguments: 1, lambda _number: Reply(1, {}, "unknown verb"))
    claims.add(NOTICE, 1.0)
    assert claims.granted(1.1) == [NOTICE]
