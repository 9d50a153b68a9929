import builtins
import importlib.util
import os
import subprocess
import sys
import textwrap

import desktop as support
import pytest

from headway.host import desktop
from headway.host.desktop import Desktop, Impossible, body_of, title_of

session = pytest.mark.skipif(support.missing() is not None, reason=str(support.missing()))


@pytest.fixture
def bus(monkeypatch):
    bus = support.Desktop()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    yield bus
    bus.close()


@pytest.fixture
def no_dbus(monkeypatch):
    """dbus-python is not installed."""
    find = importlib.util.find_spec
    monkeypatch.setitem(sys.modules, "dbus", None)
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "dbus" else find(name, *more),
    )


def test_a_title_is_safe_short_no_option_and_not_empty():
    assert title_of("--help") == "help"
    assert title_of("a\x1b[2Jb\x00") == "a␛[2Jb␀"
    assert title_of("- -") == title_of("") == "Headway"
    assert len(title_of("x" * 500)) == 120


def test_a_body_is_cut_to_a_few_lines_and_no_markup():
    assert body_of("one\n\ntwo\nthree\nfour", escapes=False) == "one\ntwo\nthree"
    assert body_of("<b> & </b>", escapes=True) == "&lt;b&gt; &amp; &lt;/b&gt;"
    assert body_of("<b>", escapes=False) == "<b>"
    assert body_of("-x", escapes=False) == "x"
    assert body_of("", escapes=False) == " "
    assert len(body_of("x" * 5000, escapes=False)) == 400


def test_without_a_session_it_says_so(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda _path: False)
    with pytest.raises(Impossible, match="DBUS_SESSION_BUS_ADDRESS is not set"):
        Desktop({}, "linux")


def test_without_plyer_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *more):
        if name.partition(".")[0] == "plyer":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", absent)
    for platform in ("linux", "darwin"):
        with pytest.raises(Impossible, match="pip install plyer"):
            Desktop({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}, platform)


def test_without_any_way_to_send_it_says_which_there_are(monkeypatch, no_dbus):
    monkeypatch.setattr(desktop.shutil, "which", lambda _name: None)
    with pytest.raises(Impossible, match="dbus-python nor the program notify-send"):
        Desktop({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}, "linux")


def test_a_folder_app_is_not_taken_for_a_flatpak(monkeypatch):
    from plyer.platforms.linux import notification

    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/app" or real(path))
    monkeypatch.setattr(desktop, "capabilities", lambda _environ: [])
    ways = []
    for way in ("NotifyDesktopPortals", "NotifyDbus", "NotifySendNotification"):
        raised = lambda self, **_: ways.append(type(self).__name__)  # noqa: E731
        monkeypatch.setattr(getattr(notification, way), "notify", raised)
    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    Desktop(bus, "linux").notify("Title", "Message")
    assert ways != ["NotifyDesktopPortals"]
    ways.clear()
    Desktop({**bus, "FLATPAK_ID": "org.x"}, "linux").notify("Title", "Message")
    assert ways == ["NotifyDesktopPortals"]


def test_a_bus_that_cannot_be_reached_is_named(no_dbus):
    with pytest.raises(Impossible):
        Desktop({**os.environ, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}, "linux")


def over_dbus(code):
    """Run `code` where the Python package for D-Bus is: under Debian's interpreter."""
    packages = [importlib.util.find_spec(name).origin for name in ("headway", "plyer")]
    path = os.pathsep.join(os.path.dirname(os.path.dirname(origin)) for origin in packages)
    return subprocess.run(
        [support.PYTHON, "-c", "import os, dbus\n" + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@session
def test_over_dbus_what_is_raised_arrives_as_it_was_meant(bus):
    bus.serve()
    done = over_dbus(r"""
        from headway.host.desktop import Desktop
        desktop = Desktop(os.environ)
        assert type(desktop._backend).__name__ == "NotifyDbus"
        desktop.notify("--help [b]", "<b> & more\n--x", timeout=7)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (call,) = support.until(bus.notified)
    assert call == ("Headway", "help [b]", "&lt;b&gt; &amp; more\n--x", 7000)


@session
def test_over_dbus_a_session_without_a_service_is_impossible(bus):
    done = over_dbus("""
        from headway.host.desktop import Desktop
        Desktop(os.environ)
    """)
    assert "Impossible: no notification service runs on this desktop session" in done.stderr


@session
def test_by_notify_send_it_arrives_as_well(bus, no_dbus, capfd):
    bus.serve()
    Desktop(os.environ).notify("--help [b]", "<b> & more")
    ((_app, title, body, _ms),) = support.until(bus.notified)
    assert (title, body) == ("help [b]", "&lt;b&gt; &amp; more")
    assert capfd.readouterr() == ("", "")


@session
def test_a_session_without_a_service_is_impossible(bus, no_dbus):
    with pytest.raises(Impossible, match="no notification service runs"):
        Desktop(os.environ)


@session
def test_a_service_that_hangs_is_not_waited_for_long(bus, no_dbus, monkeypatch):
    monkeypatch.setattr(desktop, "ANSWER_TIMEOUT", 1.0)
    bus.serve()
    bus.hang()
    with pytest.raises(Impossible, match="does not answer"):
        Desktop(os.environ)
