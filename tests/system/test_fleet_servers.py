"""Servers of a fleet as an uplink and a viewer may meet them: TLS, leaf nodes, streams, users."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import pytest
from machine import HEADWAY, ROOT, until
from nats_server import SERVER, NatsServer, free_port
from screens import THEME

from headway.model import Operation, Stage
from headway_viewer.commands.control.pause import pause
from headway_viewer.commands.logs import logs
from headway_viewer.commands.uplink import uplink
from headway_viewer.connection.single_snapshot import Outcome, fetch_fleet
from headway_viewer.fleet import state_message, subjects, uplink_lock
from headway_viewer.fleet.fleet_feed import FleetFeed
from headway_viewer.fleet.nats import jetstream
from headway_viewer.fleet.nats.nats_thread import Connected, Lost
from headway_viewer.fleet.options import FleetSource
from headway_viewer.fleet.server_access import Access
from headway_viewer.fleet.uplink_thread import NotStored, Outgoing, Stored, UplinkThread
from headway_viewer.replica.replica import Replica
from headway_viewer.top.follower import Follower

nats = pytest.importorskip("nats", reason="nats-py is not installed")
nkeys = pytest.importorskip("nkeys", reason="nkeys is not installed")

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(SERVER is None, reason="Debian's nats-server is not installed"),
]


def page_block(kind):
    """A block of configuration as docs/fleet.md has it."""
    with open(os.path.join(ROOT, "docs", "fleet.md")) as file:
        return re.search(rf"```{kind}\n(.*?)```", file.read(), re.DOTALL).group(1)


@contextlib.contextmanager
def uplinked(access):
    """The connection of an uplink, and the function that waits for one of its events."""
    thread = UplinkThread(access)
    thread.start()
    seen = []

    def event(*kinds):
        def found():
            seen.extend(thread.take())
            lost = [one for one in seen if isinstance(one, Lost)]
            assert Lost in kinds or not lost, lost
            return next((one for one in seen if isinstance(one, kinds)), None)

        return until(found, f"one of {kinds}")

    try:
        yield thread, event
    finally:
        thread.close()


def state(host="db.example.org", operation="q7f3c0ffee22", end=None):
    made = Operation(operation, "Nightly build")
    made.move("running", 10.0)
    made.add_stage(Stage(1, "compile", total=10)).done = 4
    if end is not None:
        made.move(end, 20.0)
    data = state_message.encode_state("s1", "ada", 20.0, made, with_output=False)
    return subjects.of_operation("default", host, operation), data


def told(access):
    """The names of the operations that a viewer is told of, or why it is told of none."""
    feed = FleetFeed(Replica(), access, subjects.filters(None, []))
    try:
        if fetch_fleet(feed) is not Outcome.FETCHED:
            return feed.note()
        return {one.name for one in feed.replica.operations.values()}
    finally:
        feed.close()


@pytest.fixture(scope="module")
def server():
    server = NatsServer()
    yield server
    server.close()


@pytest.fixture
def access(server):
    yield Access((server.url,))
    ask(server.url, f"$JS.API.STREAM.DELETE.{jetstream.STREAM}")


def ask(url, subject, **settings):
    """Ask JetStream; return its answer."""

    async def asked():
        client = await nats.connect(url)
        try:
            data = json.dumps(settings).encode() if settings else b""
            return json.loads((await client.request(subject, data, timeout=5)).data)
        finally:
            await client.close()

    return asyncio.run(asked())


def make_stream(server, **settings):
    made = {"name": jetstream.STREAM, "subjects": ["headway.>"], "storage": "memory"}
    subject = f"$JS.API.STREAM.CREATE.{jetstream.STREAM}"
    answer = ask(server.url, subject, **{**made, "max_msgs_per_subject": 1, **settings})
    assert "error" not in answer, answer


def test_a_full_stream_is_told_with_what_to_do_and_once_there_is_room_it_is_stored(server, access):
    make_stream(server, max_bytes=100, discard="new")
    with uplinked(access) as (thread, event):
        event(Connected)
        thread.publish([Outgoing(*state(), 1)])
        assert "is full and takes no ends" in event(NotStored).why
        settings = {"name": jetstream.STREAM, "subjects": ["headway.>"], "storage": "memory"}
        settings.update(max_msgs_per_subject=1, max_bytes=1 << 20, discard="new")
        ask(server.url, f"$JS.API.STREAM.UPDATE.{jetstream.STREAM}", **settings)
        thread.publish([Outgoing(*state(), 2)])
        assert event(Stored).number == 2


def test_a_stream_with_other_settings_is_told(server, access):
    make_stream(server, subjects=["elsewhere.>"])
    with uplinked(access) as (_, event):
        assert "takes the subjects elsewhere.>, not headway.>" in event(Lost).why
    ask(server.url, f"$JS.API.STREAM.DELETE.{jetstream.STREAM}")
    make_stream(server, max_msgs_per_subject=-1)
    with uplinked(access) as (thread, event):
        assert "set max_msgs_per_subject to 1" in event(Connected).warning
        thread.publish([Outgoing(*state(), 1)])
        assert event(Stored)
    assert told(access) == {"Nightly build"}


def test_a_host_that_runs_a_newer_version_is_named_and_the_others_are_shown(server, access):
    make_stream(server)
    subject, data = state("new.example.org", "q7f3c0ffee23")
    with uplinked(access) as (thread, event):
        event(Connected)
        newer = bytes([data[0], state_message.VERSION + 1]) + data[2:]
        thread.publish([Outgoing(subject, newer, 1), Outgoing(*state(), 2)])
        event(Stored)
        until(lambda: told(access) == {"Nightly build"})
    feed = FleetFeed(Replica(), access, subjects.filters(None, []))
    assert fetch_fleet(feed) is Outcome.FETCHED
    assert "newer version of headway by new.example.org" in feed.note()
    feed.close()


def test_of_several_servers_those_that_refuse_are_passed_over(server, access):
    make_stream(server)
    dead = f"nats://127.0.0.1:{free_port()}"
    assert told(access._replace(urls=(dead, server.url))) == set()
    assert told(access._replace(urls=(dead,))).startswith(f"nothing listens at {dead}")


def test_a_second_uplink_of_the_same_user_says_so_and_ends(capsys):
    runtime = os.environ["HEADWAY_RUNTIME_DIR"]
    os.makedirs(runtime, 0o700, exist_ok=True)
    held = uplink_lock.take(runtime)
    try:
        assert uplink(["nats://127.0.0.1:9"]) == 1
    finally:
        os.close(held)
    err = capsys.readouterr().err
    assert err == (
        f"headway uplink: another uplink of yours tells of this host already (pid {os.getpid()})\n"
    )


def test_screen_page_and_notices_of_a_fleet_are_those_of_a_machine(sandbox, server, access, capsys):
    # One test for all three: each is a program that takes a second to start.
    pytest.importorskip("uvicorn", reason="web is an extra")
    make_stream(server)
    noticed = os.path.join(sandbox.folder, "noticed")
    notifier = sandbox.spawn(
        *HEADWAY, "notify", "--fleet", server.url, "--exec", f"cat > {noticed}"
    )
    web = sandbox.spawn(*HEADWAY, "web", "--no-open", "--fleet", server.url)
    feed = FleetSource(access, None, []).feed(Replica())
    follower = Follower(feed, THEME, tells_hosts=True)
    with uplinked(access) as (thread, event):
        event(Connected)
        thread.publish([Outgoing(*state(), 1)])
        event(Stored)

        def on_screen():
            follower.turn()
            return any("db.example.org: Nightly build" in line for line in painted(follower))

        until(on_screen)
        feed.close()
        assert logs(["Nightly build", "--fleet", server.url]) == 3
        assert "its output stays on db.example.org" in capsys.readouterr().err
        assert pause(["Nightly build", "--fleet", server.url]) == 3
        assert "headway uplink --allow-cancel" in capsys.readouterr().err
        page = web.stdout.readline().strip()
        told = next(line for line in events(page) if line.startswith("data: {"))
        assert json.loads(told[6:])["operations"][0]["host"] == "db.example.org"
        assert "headway uplink --allow-cancel" in cancelled(page)["reason"]
        thread.publish([Outgoing(*state(end="failed"), 2)])
        event(Stored)
    assert until(lambda: written(noticed), "a notice")["title"] == (
        "db.example.org: Nightly build failed"
    )
    for process in (notifier, web):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def written(path):
    with contextlib.suppress(FileNotFoundError, ValueError), open(path) as file:
        return json.load(file)
    return None


def painted(follower):
    return [THEME.paint(line) for line in follower.picture(100, 24)]


def connected_to(page):
    parts = urllib.parse.urlsplit(page)
    token = urllib.parse.parse_qs(parts.query)["token"][0]
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    cookie = f"headway-{parts.port}={token}"
    return connection, {"Cookie": cookie, "Origin": f"http://127.0.0.1:{parts.port}"}


def events(page):
    """The lines of the stream of events of a page."""
    connection, headers = connected_to(page)
    connection.request("GET", "/events", headers=headers)
    response = connection.getresponse()
    try:
        for line in response:
            yield line.decode().rstrip()
    finally:
        connection.close()


def cancelled(page):
    """What a page is answered that asks to cancel."""
    connection, headers = connected_to(page)
    connection.request("POST", "/operations/q7f3c0ffee22/cancel", headers=headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_a_viewer_cannot_read_what_others_are_answered():
    server = NatsServer(page_block("nats"))
    heard, errors = [], []

    async def listen():
        all_refused = asyncio.Event()

        async def failed(error):
            errors.append(str(error))
            if len(errors) == 4:
                all_refused.set()

        async def hear(message):
            heard.append(message)

        client = await nats.connect(
            f"nats://viewer:change-me-2@127.0.0.1:{server.port}", error_cb=failed
        )
        for subject in ("_INBOX.>", "_INBOX.operator.>", "_INBOX.*.x", "headway.>"):
            await client.subscribe(subject, cb=hear)
        await asyncio.wait_for(all_refused.wait(), 20)
        await client.close()

    try:
        wrong = Access((f"nats://reporter:guessed@127.0.0.1:{server.port}",))
        with uplinked(wrong) as (_, event):
            why = event(Lost).why
            assert "refuses these credentials" in why
            assert "guessed" not in why
        asyncio.run(listen())
        assert sum("permissions violation" in error.lower() for error in errors) == 4
    finally:
        server.close()


class Signer:
    """A key of NATS, and what it signs: the JWTs of operators, accounts and users."""

    def __init__(self, prefix):
        self.seed = nkeys.encode_seed(os.urandom(32), prefix)
        self._pair = nkeys.from_seed(bytearray(self.seed))
        self.public = self._pair.public_key.decode()

    def jwt(self, subject, **claims):
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = {"jti": subject, "iat": 1, "iss": self.public, "sub": subject, "name": "test"}
        parts = [head, {**body, "nats": {"version": 2, **claims}}]
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{base64url(self._pair.sign(signed.encode()))}"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_credentials_of_a_file_have_answers_of_their_own():
    operator = Signer(nkeys.PREFIX_BYTE_OPERATOR)
    account, system = (Signer(nkeys.PREFIX_BYTE_ACCOUNT) for _ in range(2))
    user = Signer(nkeys.PREFIX_BYTE_USER)
    unlimited = dict.fromkeys(("subs", "data", "payload", "conn", "leaf", "imports", "exports"), -1)
    storage = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)
    owned = operator.jwt(operator.public, type="operator")
    limits = {**unlimited, **storage, "wildcards": True}
    held = operator.jwt(account.public, type="account", limits=limits)
    others = operator.jwt(system.public, type="account", limits={**unlimited, "wildcards": True})
    publish = ["headway.>", "$JS.API.>", "$JS.FC.>"]
    permitted = {"pub": {"allow": publish}, "sub": {"allow": [f"_INBOX.{user.public}.>"]}}
    bounds = {"subs": -1, "data": -1, "payload": -1}
    token = account.jwt(user.public, type="user", **permitted, **bounds)
    server = NatsServer(
        f"operator: {owned}\nresolver: MEMORY\nsystem_account: {system.public}\n"
        f"resolver_preload: {{ {account.public}: {held}, {system.public}: {others} }}\n"
    )
    path = os.path.join(server.folder, "user.creds")
    with open(path, "w") as file:
        file.write(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n")
        seed = user.seed.decode()
        file.write(f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n")
    known = Access((server.url,), credentials=path)
    try:
        with uplinked(known) as (thread, event):
            event(Connected)
            thread.publish([Outgoing(*state(), 1)])
            event(Stored)
        assert told(known) == {"Nightly build"}
        assert "refuses these credentials" in told(Access((server.url,)))
    finally:
        server.close()


AUTHORITY = ("-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def authority():
    """A directory with an authority, and certificates of a server and of a client."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tempfile.mkdtemp(prefix="tls", dir="/tmp")
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(folder, *new, "-x509", *AUTHORITY, "-keyout", "ca.key", "-out", "ca.pem")
    with open(os.path.join(folder, "names"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        openssl(folder, *new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", name)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        openssl(folder, "x509", "-req", "-in", name, *signed, "-out", f"{name}.pem")
    yield folder
    shutil.rmtree(folder)


def test_with_tls_both_sides_are_known_by_their_certificates(authority):
    def file(name):
        return os.path.join(authority, name)

    server = NatsServer(page_block("nats-tls").replace("/etc/nats", authority))
    where = f"tls://127.0.0.1:{server.port}"
    known = Access((where,), None, file("ca.pem"), file("client.pem"), file("client.key"))
    try:
        with uplinked(known) as (thread, event):
            event(Connected)
            thread.publish([Outgoing(*state(), 1)])
            event(Stored)
        assert told(known) == {"Nightly build"}
        assert told(Access((where,))).startswith(f"no TLS with {where}")
        nameless = told(Access((where,), authority=file("ca.pem")))
        assert where in nameless, nameless
    finally:
        server.close()


def test_a_leaf_node_carries_what_its_hosts_tell_and_viewers_read_it_at_both(tmp_path):
    port = free_port()
    config = page_block("nats-hub").replace("0.0.0.0:7422", f"127.0.0.1:{port}")
    hub = NatsServer(config.replace("/var/lib/nats", str(tmp_path)), jetstream=False)
    remote = page_block("nats-leaf").replace("hub.example.org:7422", f"127.0.0.1:{port}")
    leaf = NatsServer(remote, jetstream=False)
    at_leaf = Access((leaf.url,), domain="hub")

    def joined():
        with contextlib.suppress(nats.errors.NoRespondersError):
            return ask(leaf.url, "$JS.hub.API.INFO")

    try:
        until(joined, "the hub's JetStream at the leaf")
        with uplinked(at_leaf) as (thread, event):
            event(Connected)
            thread.publish([Outgoing(*state(), 1)])
            event(Stored)
        assert told(Access((hub.url,))) == {"Nightly build"}
        assert told(at_leaf) == {"Nightly build"}
        assert "--domain names that of its hub" in told(Access((leaf.url,)))
        hub.kill()
        hub.start()
        until(lambda: told(at_leaf) == {"Nightly build"})
    finally:
        leaf.close()
        hub.close()
