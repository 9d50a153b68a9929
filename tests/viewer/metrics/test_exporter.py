import os
import signal
import threading
from importlib import import_module

import pytest
from showcase import operation
from told_feed import ToldFeed

from headway.protocol.messages import Reply
from headway_viewer.metrics.tallies import Tallies

pytest.importorskip("prometheus_client", reason="metrics is an extra")
exporting = import_module("headway_viewer.metrics.exporter")


class Feed(ToldFeed):
    """Waits for a scrape as the real one does, and has a broker that answers, or none."""

    input = wake = None
    answers = True

    def wait(self, timeout, *, rest=False):
        self.waited.append(timeout)
        if timeout > 1:
            import select

            select.select([self.input, self.wake], [], [], timeout)
        return super().wait(0.0)

    def request(self, verb, arguments):
        if not self.connected:
            return None
        number = super().request(verb, arguments)
        if self.answers:
            self.replies[number] = Reply(number, {"workers": 3, "version": "1"}, None)
        return number


@pytest.fixture
def scraped(monkeypatch, tmp_path):
    """Scrape an exporter of a feed twice; the samples of both."""
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    (tmp_path / "unsent").mkdir()
    for name in ("1", ".broken-2", ".will-3"):
        (tmp_path / "unsent" / name).write_text("")

    def scrape(feed):
        feed.waited = []
        exporter = exporting.Exporter(feed, feed.replica, Tallies(named=True))
        found = []

        def scraper():
            try:
                found.extend(samples(exporter.collect()) for _ in range(2))
            finally:
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=scraper)
        thread.start()
        assert exporter.run() == 0
        thread.join()
        exporter.close()
        assert len(found) == 2
        return found[0]

    return scrape


def samples(metrics):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_a_scrape_has_what_the_broker_says_and_what_the_spool_holds(scraped):
    found = scraped(Feed(operation("a", "build"), operation("b", "gone", "failed", ended=-5)))
    assert found["headway_broker_up",] == 1
    assert found["headway_connections", "worker"] == 3
    assert (found["headway_operations", "running"], found["headway_operations", "failed"]) == (1, 1)
    assert found["headway_spool_files", "waiting"] == 1
    assert found["headway_spool_files", "aside"] == 1


def test_without_a_broker_a_scrape_is_answered_at_once(scraped):
    feed = Feed()
    feed.connected = False
    assert scraped(feed)["headway_broker_up",] == 0


def test_a_broker_that_does_not_answer_is_told_as_none(scraped, monkeypatch):
    monkeypatch.setattr(exporting, "STATUS_SECONDS", -1.0)
    feed = Feed()
    feed.answers = False
    assert scraped(feed)["headway_broker_up",] == 0


def test_a_loop_that_is_stopped_is_an_error_of_the_scrape(monkeypatch):
    monkeypatch.setattr(exporting, "SCRAPE_SECONDS", 0.01)
    feed = Feed()
    exporter = exporting.Exporter(feed, feed.replica, Tallies(named=False))
    with pytest.raises(TimeoutError):
        exporter.collect()
    exporter.close()
