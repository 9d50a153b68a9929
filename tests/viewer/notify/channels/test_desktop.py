import desktop as support
import pytest

from headway.host.desktop import Impossible
from headway_viewer.notify.channels.desktop import DesktopChannel
from headway_viewer.notify.notice import CRITICAL, LOW, Notice

pytestmark = pytest.mark.skipif(support.missing() is not None, reason=str(support.missing()))


@pytest.fixture
def bus():
    bus = support.Desktop()
    yield bus
    bus.close()


@pytest.fixture
def channel(bus):
    channel = DesktopChannel(bus.serve().environ)
    yield channel
    channel.close()


def notice(title="npm install failed", body="404", **fields):
    return Notice("key", "failed", title, body, "", **fields)


def test_urgency_expiry_and_progress_reach_the_service(bus, channel):
    channel.deliver(notice(urgency=LOW, value=40))
    channel.deliver(notice(urgency=CRITICAL))
    low, critical = bus.calls()
    assert '"urgency": 0' in low.hints
    assert '"value": 40' in low.hints
    assert '"urgency": 2' in critical.hints
    assert "value" not in critical.hints
    assert 0 < low.milliseconds < critical.milliseconds


def test_a_later_notice_of_an_operation_replaces_the_earlier_one(bus, channel):
    for operation in ("a", "b", "a", "a"):
        channel.deliver(notice(operation=operation))
    assert [call.replaces for call in bus.calls()] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("--help", "help"),
        ("a\x1b]0;x\x07b", "a␛]0;x␇b"),
        ("\ud800", "\ufffd"),
        ("", "Headway"),
        ("it's {sv} \u202e", "it's {sv} \ufffd"),
    ],
)
def test_a_hostile_title_is_only_text(bus, channel, title, shown):
    channel.deliver(notice(title, "<b>x</b>\0 & 'y'"))
    (call,) = bus.calls()
    assert call.title == shown
    assert call.body.startswith("&lt;b&gt;x&lt;/b&gt;␀ &amp; ")


def test_a_service_that_was_started_again_is_told_again(bus, channel):
    channel.deliver(notice())
    bus.restart()
    channel.deliver(notice("again"))
    assert bus.calls()[-1].title == "again"


def test_without_a_service_it_says_so(bus):
    with pytest.raises(Impossible, match="no notification service runs"):
        DesktopChannel(bus.environ)
