"""`headway web` in a real browser, and by clients that are none."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import urllib.parse

import pytest
from machine import HEADWAY, killed, until
from sandbox import let_go

from headway.estimate import Estimate
from headway_viewer import formatting

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]
pytest.importorskip("starlette", reason="web is an extra")
pytest.importorskip("uvicorn", reason="web is an extra")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAST = """
import time, headway
for seconds in (0.03, 0.03, 0.5):
    with headway.operation("Past") as op:
        with op.stage("Fetch"):
            time.sleep(0.06)
        beside = op.stage("Beside").start()
        with op.stage("Build"):
            time.sleep(0.03)
            beside.complete()
            time.sleep(seconds)
"""
EARLY = (
    "op.stage('Download', total=50e6, unit='B').start()\n"
    "    inner = headway.operation('Inner part').start()"
)
COLOURS = """[document.body, document.querySelector('.left')].map((one) => {
  const style = getComputedStyle(one);
  return style.backgroundColor + ' ' + style.color;
})"""
HOSTILE = "<img src=x onerror=\"document.title='owned'\">\x1b[31m"


class Served:
    """A running `headway web`: its URL, and requests to it."""

    def __init__(self, sandbox, *options):
        self.process = sandbox.spawn(*HEADWAY, "web", "--no-open", *options)
        self.url = self.process.stdout.readline().strip()
        parts = urllib.parse.urlsplit(self.url)
        self.port = parts.port
        self.token = urllib.parse.parse_qs(parts.query)["token"][0]
        self.cookie = f"headway-{self.port}={self.token}"

    def ask(self, path, method="GET", **headers):
        """The status and the body of a request; `_` in a header's name is a hyphen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        if response.getheader("content-type", "").startswith("text/event-stream"):
            connection.close()
            return response.status, ""
        body = response.read().decode()
        connection.close()
        return response.status, body

    def end(self):
        self.process.send_signal(signal.SIGINT)
        _, self.said = self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def served(sandbox):
    return Served(sandbox)


@pytest.mark.oldest
def test_only_the_page_with_the_token_gets_anything(served):
    home = f"http://127.0.0.1:{served.port}"
    paths = ("/", "/page.js", "/events")
    assert {served.ask(path)[0] for path in paths} == {403}
    assert served.ask("/?token=wrong")[0] == 403
    assert served.ask(f"/?token={served.token}")[0] == 303
    assert {served.ask(path, Cookie=served.cookie)[0] for path in paths} == {200}
    assert served.ask("/", Cookie=served.cookie, Host="evil.example")[0] == 421
    assert served.ask("/events", Cookie=served.cookie, Origin="http://evil.example")[0] == 403
    cancel = "/operations/abc/cancel"
    assert served.ask(cancel, "POST", Cookie=served.cookie)[0] == 403
    assert served.ask(cancel, "POST", Origin=home)[0] == 403
    assert served.ask(cancel, "GET", Cookie=served.cookie, Origin=home)[0] == 405
    assert served.ask("/operations/abc/why")[0] == 403
    assert served.ask("/operations/abc/why", Cookie=served.cookie) == (200, "null")
    assert served.ask("/operations/abc/kill", "POST", Cookie=served.cookie, Origin=home)[0] == 404
    assert served.end() == 0


def test_beyond_this_machine_a_certificate_is_asked_for(sandbox):
    done = sandbox.headway("web", "--listen", "0.0.0.0", "--no-open")
    assert done.returncode == 2
    assert "--certificate" in done.stderr


def test_an_address_that_is_taken_is_told(sandbox, served):
    done = sandbox.headway("web", "--no-open", "--port", str(served.port))
    assert done.returncode == 1
    assert f"port {served.port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
def test_a_browser_sees_operations_come_move_and_end(sandbox, served):
    # One test for the whole life of a page: a browser takes seconds to start.
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    early = sandbox.held("Early", first=EARLY, then="inner.complete()")
    sandbox.program(PAST).communicate(timeout=60)
    hostile = sandbox.held(HOSTILE, then="op.fail('no <b>disk</b>')")
    wrong = []
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.set_default_timeout(60_000)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(served.url)

        def row(name, state):
            return page.locator(f"li.{state}", has_text=name)

        row("Early", "running").wait_for()  # a late join
        assert "token" not in page.url
        assert page.evaluate("document.cookie") == ""  # scripts cannot read it
        assert page.title() != "owned"
        row("onerror", "running").wait_for()
        let_go(hostile)
        row("onerror", "failed").wait_for()
        assert page.locator("#operations b").count() == 0, "names and errors stay text"

        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        row("Early", "running").locator(".row").press("Enter")
        page.get_by_text("0 B/50.0 MB").first.wait_for()
        row("Early", "running").locator(".inside", has_text="Inner part").wait_for()
        page.get_by_role("progressbar", name="Early, Download 0 B/50.0 MB").wait_for()
        assert page.locator("#operations > li > .row", has_text="Inner part").count() == 0
        assert axe.Axe().run(page).violations_count == 0
        for low, median, high in ((1, 2, 3), (75, 80, 200), (20, 40, 90), (800, 1200, 3000)):
            words = formatting.estimate_text(Estimate(low, median, high, "rate", 0), None, 0.0)
            assert page.evaluate(f"words({low}, {median}, {high})") == words
        for seconds in (0.0, 0.4, 59.6, 3700.0, 90_000.0):
            assert page.evaluate(f"duration({seconds})") == formatting.duration(seconds)
        ended = "{state: 'completed', started: 100, ended: 150, stops: [[105, 140]]}"
        assert page.evaluate(f"lasted({ended})") == "15 s (paused for 35 s)"

        # What has ended, against its usual; by its address, too.
        past = max(sandbox.operations(), key=lambda one: (one["name"] == "Past", one["elapsed"]))
        page.goto(f"{served.url.partition('?')[0]}#{past['id']}")
        slow = page.locator("li.completed .stages .chain", has_text="Build")
        slow.get_by_text("usually").wait_for()
        assert page.locator(".stages .chain", has_text="Beside").count() == 0
        took, usual = (slow.locator(f".time .{one}").bounding_box() for one in ("took", "usual"))
        assert took["width"] > usual["width"] > 0
        page.get_by_text("Build took").wait_for()
        for key in ("/", *"early", "Enter"):
            page.keyboard.press(key)
        focused = page.locator(".row:focus", has_text="Early")
        focused.wait_for()  # a further Enter opens it, as in the terminal
        is_open = focused.get_attribute("aria-expanded")
        page.keyboard.press("Enter")
        assert {is_open, focused.get_attribute("aria-expanded")} == {"true", "false"}
        for key in ("/", "Escape"):
            page.keyboard.press(key)
        light = page.evaluate(COLOURS)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert page.evaluate(COLOURS) != light
        assert axe.Axe().run(page).violations_count == 0, "in the dark"
        moving = "getComputedStyle(document.documentElement).getPropertyValue('--glide')"
        assert page.evaluate(moving) == ""
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        assert page.evaluate(moving) != ""

        killed(sandbox.serving())  # the page gets to the next broker by itself
        late = sandbox.held("Late")
        row("Late", "running").wait_for()
        row("Late", "running").locator(".row").click()
        # The second click is to come within five seconds of the first.
        row("Late", "running").get_by_role("button", name="ancel").dblclick()
        row("Late", "cancelled").wait_for()
        let_go(early)
        row("Early", "completed").wait_for()
        assert page.locator("#readable").is_hidden()
        beyond = Served(sandbox, "--listen", "127.0.0.2", "--insecure", "--by", "host")
        page.goto(beyond.url)
        group = page.locator("#groups .row", has_text="completed")
        group.wait_for()
        assert page.locator("#operations > li").count() == 0
        group.click()
        row("Early", "completed").wait_for()
        assert "names, states" in page.locator("#readable").inner_text()
        browser.close()
    assert beyond.end() == 0
    assert "names, states" in beyond.said
    late.communicate(timeout=20)
    assert [text for text in wrong if "ERR_" not in text] == []
    assert served.end() == 0


def test_an_idle_server_follows_nothing(sandbox, served):
    program = sandbox.held("Work")
    served.ask("/", Cookie=served.cookie)
    until(
        lambda: (
            '"viewers":0' in sandbox.headway("broker", "status", "--json").stdout.replace(" ", "")
        ),
        "nobody who looks",
    )
    let_go(program)
    assert os.path.exists(sandbox.path("report.sock"))
