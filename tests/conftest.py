"""No test reports to the broker of whoever runs the tests, or depends on how they are run.

Nor does one leave anything behind: what is made in temporary directories and every process that
is started there is gone when the last test has ended.
"""

import atexit
import faulthandler
import os
import shutil
import signal
import tempfile

import psutil
import pytest
from hypothesis import HealthCheck, settings

_PRIVATE = tempfile.mkdtemp(prefix="hwt", dir="/tmp")
atexit.register(shutil.rmtree, _PRIVATE, ignore_errors=True)
# Before any test imports what reports; a test that wants a broker makes a machine of its own.
os.environ["HEADWAY_RUNTIME_DIR"] = os.path.join(_PRIVATE, "run")
os.environ["HEADWAY_STATE_DIR"] = os.path.join(_PRIVATE, "state")
os.environ["HEADWAY_BROKER"] = "never"
# Started in the background of a script, this ignores SIGINT, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and under nohup SIGHUP
# How long an example takes says more of the machine than of the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

_made = {_PRIVATE: "the tests themselves"}  # directory → the test that made it
_mkdtemp = tempfile.mkdtemp


def _noted(*arguments, **named):
    path = _mkdtemp(*arguments, **named)
    _made[path] = os.environ.get("PYTEST_CURRENT_TEST", "a fixture")
    return path


tempfile.mkdtemp = _noted


# Seconds after which a test, or what comes after it, is taken to hang for good. pytest-timeout has
# raised in it by then, once; what swallowed that, or hangs in its own clean-up, would never end.
HANGS = 420
_errors = os.dup(2)  # replaced where pytest can tell which one is not captured


def pytest_configure(config):
    """Print where a test hangs to the real standard error, which is not captured here."""
    os.dup2(2, _errors)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """End this process where a test hangs: pytest-xdist starts another and goes on."""
    faulthandler.dump_traceback_later(HANGS, exit=True, file=_errors)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """Begin again: a failure has taken the timer back."""
    faulthandler.dump_traceback_later(HANGS, exit=True, file=_errors)


def pytest_runtest_logfinish():
    """Take the timer back: a process that has no more tests waits for the others."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def _the_next_test_reports_first():
    """Let the environment that a test sets decide where it reports to."""
    yield
    from headway.host.files import first_environment

    first_environment.forget()


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_left_behind():
    """Fail the last test if a directory or a process of any is left."""
    from machine import until

    yield
    left = {path: test for path, test in _made.items() if path != _PRIVATE and os.path.exists(path)}
    assert not left, "directories are left behind"
    until(lambda: not _lingering(), "the end of all processes", 10)


def _lingering():
    """The processes that the tests started, whoever is their parent by now."""
    below = psutil.Process().children(recursive=True)
    there = [one for one in psutil.process_iter() if one not in below and _is_of_a_test(one)]
    return [one for one in [*below, *there] if not _is_pythons_own(one)]


def _is_of_a_test(process):
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        places = process.environ().values()
    except (OSError, psutil.Error):
        return False
    return any(place.startswith(path) for place in places for path in _made)


def _is_pythons_own(process):
    """Whether it serves this interpreter until that ends: multiprocessing's trackers."""
    try:
        return "tracker" in " ".join(process.cmdline())
    except (OSError, psutil.Error):
        return False
