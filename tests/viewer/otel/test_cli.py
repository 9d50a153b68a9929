import os
import signal
import sys

import pytest
from showcase import NOW, operation
from told_feed import ToldFeed

from headway_viewer.connection.follower_loop import GATHER, LONGEST
from headway_viewer.otel import cli
from headway_viewer.otel.cli import follow, main
from headway_viewer.otel.spans import HELD


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "headway_viewer.otel.export", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert main([]) == cli.MISSING
    assert "pip install '.[otel]'" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["localhost:4318", "grpc://h:4317", "http://", "http://h:x"])
def test_what_is_no_collector_is_refused(url, capsys):
    with pytest.raises(SystemExit) as ended:
        main([url])
    assert ended.value.code == 2
    assert "is no http://HOST:PORT" in capsys.readouterr().err


class Feed(ToldFeed):
    """One that ends the loop by a signal when nothing more comes."""

    wake = None

    def wait(self, timeout, *, rest=False):
        came = super().wait(timeout)
        self.now += 1.0
        if not came:
            os.kill(os.getpid(), signal.SIGINT)
        return came


class Collector:
    def __init__(self):
        self.taken = []

    def take(self, span):
        self.taken.append(span)


def test_it_tells_of_what_ends_while_it_follows_until_a_signal():
    feed = Feed()
    feed.tell(operation("a", "build", started=0), operation("b", "old", "failed", ended=-9))
    feed.tell(operation("a", "build", "completed", started=0, ended=1))
    collector = Collector()
    assert follow(feed, feed.replica, collector) == 0
    [span] = collector.taken
    assert (span.operation.name, span.end) == ("build", NOW + 1)


def test_a_crash_that_is_held_back_is_told_when_it_ends():
    feed = Feed()
    feed.tell(operation("a", "build", "crashed", started=0, ended=1))
    collector = Collector()
    follow(feed, feed.replica, collector)
    [span] = collector.taken
    assert span.operation.state == "crashed"


def test_it_wakes_for_a_crash_that_is_held_back():
    feed = Feed()
    feed.tell(operation("a", "build", "crashed", started=0, ended=1))
    waited = []

    def wait(timeout, *, rest=False):
        waited.append(timeout)
        if len(waited) == 3:
            feed.now += timeout
            feed.tell()
        return Feed.wait(feed, timeout, rest=rest) if len(waited) != 2 else False

    feed.wait = wait
    collector = Collector()
    follow(feed, feed.replica, collector)
    assert waited[:2] == [LONGEST, GATHER]
    assert 0 < waited[2] <= HELD
