import threading

from headway.host import importing


def test_a_lock_that_another_thread_keeps_for_ever_is_replaced():
    before, taken, over = importing.lock, threading.Event(), threading.Event()

    def keep():
        with before:
            taken.set()
            over.wait()

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        assert taken.wait(10)
        importing.renew()
        assert importing.lock.acquire(blocking=False)
        importing.lock.release()
    finally:
        importing.lock = before
        over.set()
        thread.join()
