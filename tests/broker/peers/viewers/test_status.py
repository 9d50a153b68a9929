"""What the broker says of itself."""

from wired import Wired

from headway_broker.peers.viewers.status import lines

FACTS = {
    "pid": 7,
    "version": "0.1.0",
    "uptime": 61.5,
    "endpoint": "ipc:///x/report.sock",
    "workers": 2,
    "viewers": 1,
    "operations": 5,
    "open": 3,
    "stages": 40,
    "ingest": {"messages": 10, "updates": 200},
    "dropped": {"hole": 2, "flood": 9},
    "rss": 20_500_000,
}


def test_status_is_a_line_for_each_fact():
    assert lines(FACTS) == [
        "broker      pid 7, version 0.1.0",
        "up          62 s",
        "endpoint    ipc:///x/report.sock",
        "connected   2 workers, 1 viewers, 0 listeners",
        "operations  5 (3 open)",
        "stages      40",
        "ingest      10 messages, 200 updates",
        "memory      20.5 MB",
        "dropped     9 flood, 2 hole",
    ]


def test_status_of_a_broker_that_knows_less_is_shown_all_the_same():
    found = lines({})
    assert found[-1] == "dropped     nothing"
    assert "memory      unknown" in found


def test_what_the_core_knows_is_counted():
    wired = Wired()
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    worker.start("two")
    worker.end("two")
    wired.core.subscribed(b"d", True)
    wired.now += 2
    found = wired.core.status(wired.now)
    assert (found["workers"], found["viewers"]) == (1, 1)
    assert (found["operations"], found["open"], found["stages"]) == (2, 1, 3)
    assert found["uptime"] == 2.0
    assert found["dropped"] == {}
