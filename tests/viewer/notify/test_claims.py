from headway.protocol.messages import Reply
from headway_viewer.notify.claims import RETRY_AFTER, Claims, kind_to
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


def test_each_kind_of_notifier_is_granted_a_notice_once():
    broker = Broker()
    kinds = ["", "exec:1", "exec:1", "exec:2", ""]
    notifiers = [Claims(broker.ask, broker.reply, kind) for kind in kinds]
    for claims in notifiers:
        claims.add(NOTICE, 1.0)
    assert [len(claims.granted(1.1)) for claims in notifiers] == [1, 1, 0, 1, 0]
    assert broker.asked[0] == NOTICE.key  # as notifiers ask that know no kinds


def test_a_kind_tells_addresses_apart_and_does_not_show_them():
    kinds = [("exec", "true"), ("exec", "false"), ("ntfy", "true"), ("exec", "tr", "ue")]
    assert len({kind_to(*kind) for kind in kinds}) == 4
    assert kind_to("exec", "true") == kind_to("exec", "true")
    assert "secret" not in kind_to("apprise", "mailto://me:secret@host")
    assert kind_to("exec", "\udcff")  # bytes of a command line that are no text


def test_who_waits_leaves_a_notice_to_others():
    broker = Broker()
    late, other = (Claims(broker.ask, broker.reply) for _ in range(2))
    late.add(NOTICE, 1.0, 1.0)
    assert late.granted(1.5) == []
    other.add(NOTICE, 1.5)
    late.granted(2.0)
    assert (other.granted(2.0), late.granted(2.1)) == ([NOTICE], [])


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


def test_a_reply_that_comes_late_is_the_one_that_counts():
    broker = Broker()
    claims = Claims(broker.ask, broker.reply)
    claims.add(NOTICE, 1.0)
    late = dict(broker.replies)
    broker.replies.clear()
    assert claims.granted(1.0 + RETRY_AFTER) == []  # asked again, and denied: it is claimed
    broker.replies = {**late, **broker.replies}
    assert claims.granted(1.1 + RETRY_AFTER) == [NOTICE]
    assert not claims.pending


def test_whose_first_reply_was_lost_may_have_been_granted_it():
    broker = Broker()
    claims = Claims(broker.ask, broker.reply)
    claims.add(NOTICE, 1.0)
    broker.replies.clear()
    claims.granted(1.0 + RETRY_AFTER)
    assert claims.granted(1.1 + RETRY_AFTER) == [NOTICE]


def test_a_broker_that_knows_no_claims_is_no_reason_for_silence():
    claims = Claims(lambda _verb, _arguments: 1, lambda _number: Reply(1, {}, "unknown verb"))
    claims.add(NOTICE, 1.0)
    assert claims.granted(1.1) == [NOTICE]
