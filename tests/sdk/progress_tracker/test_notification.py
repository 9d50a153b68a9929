import os
import subprocess
import sys
import threading
import time

import pytest
from machine import until

import progress_tracker
from progress_tracker import notification


def test_what_was_handed_over_is_known_before_wait_returns(bell):
    assert notification.Delivery("Title", "Message", 5).wait()
    assert bell == [("Title", "Message", 5)]


def test_what_cannot_be_sent_is_not_taken_for_sent(monkeypatch):
    class NoBus:
        def notify(self, **_named):
            raise NotImplementedError("No usable implementation found!")

    monkeypatch.setattr(progress_tracker, "plyer_notification", NoBus())
    assert not notification.Delivery("Title", "Message", 5).wait()
    monkeypatch.setattr(progress_tracker, "plyer_notification", None)
    assert not notification.Delivery("Title", "Message", 5).wait()


def test_a_daemon_that_hangs_is_waited_for_once(monkeypatch):
    answer = threading.Event()

    class Hung:
        def notify(self, **_named):
            answer.wait(20)

    monkeypatch.setattr(progress_tracker, "plyer_notification", Hung())
    before = time.monotonic()
    assert notification.Delivery("Title", "Message", 5).wait()
    assert time.monotonic() - before > 0.4
    before = time.monotonic()
    assert not notification.Delivery("Title", "Message", 5).wait()
    assert time.monotonic() - before < 0.4
    answer.set()
    until(lambda: notification.Delivery("Title", "Message", 5).wait(), "its recovery")


@pytest.mark.once
def test_the_exit_of_a_program_waits_for_what_its_event_loop_did_not(tmp_path):
    program = """
import asyncio, time, progress_tracker
from progress_tracker.notification import Delivery
class Slow:
    def notify(self, **named):
        time.sleep(0.1)
        print("delivered")
progress_tracker.plyer_notification = Slow()
async def end():
    print(Delivery("Title", "Message", 5).wait())
asyncio.run(end())
"""
    environ = {**os.environ, "HEADWAY_BROKER": "never", "HEADWAY_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    output = subprocess.check_output(command, env=environ, text=True, timeout=30)
    assert output == "True\ndelivered\n"
