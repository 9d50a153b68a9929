import desktop as support
import pytest
import x_screen
from machine import until

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


@pytest.mark.once
@pytest.mark.skipif(x_screen.missing() is not None, reason=str(x_screen.missing()))
def test_dunst_shows_each_urgency_in_its_colour_and_one_of_an_operation(bus):
    screen = bus.show()
    channel = DesktopChannel(bus.environ)
    channel.deliver(notice("a\x1b]0;x\x07 <b>", "404 & <i>'y'", urgency=CRITICAL, operation="a"))
    until(lambda: screen.has("critical"), "the failure")
    channel.deliver(notice("make completed", urgency=LOW, operation="b"))
    until(lambda: screen.has("low"), "the success")
    assert bus.shown() == 2
    channel.deliver(notice("a completed", urgency=LOW, value=40, operation="a"))
    until(lambda: not screen.has("critical"), "it is replaced")
    assert bus.shown() == 2
    channel.close()
