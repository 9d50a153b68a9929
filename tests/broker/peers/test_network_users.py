"""Whom a key lets in, and what each role may do: nothing that is another's."""

import pytest
from wired import INBOX, Wired

from headway.protocol import messages
from headway_broker.peers.network_users import DOMAINS, FOLLOWS, REPORTS, VERBS, user_id
from headway_broker.state import effects
from headway_broker.state.sessions import NetworkUser

WORKER = NetworkUser("laptop", "worker", b"w" * 32)
VIEWER = NetworkUser("eye", "viewer", b"v" * 32)
OPERATOR = NetworkUser("me", "operator", b"o" * 32)
ALL = (WORKER, VIEWER, OPERATOR)
EVERY_VERB = [
    *("cancel", "claim", "draw", "drawn", "keys", "logs", "pause", "resume"),
    *("retire", "status", "stop", "usual", "why"),
]


@pytest.fixture
def wired():
    wired = Wired()
    assert wired.core.network_users.replace(ALL) is None
    return wired


def zap(wired, key, domain=REPORTS, mechanism=b"CURVE", version=b"1.0"):
    frames = [version, b"7", domain, b"192.0.2.1", b"", mechanism, key]
    return wired.core.network_users.authenticate(frames)


@pytest.mark.parametrize("user", ALL, ids=lambda user: user.role)
@pytest.mark.parametrize("domain", [REPORTS, FOLLOWS])
def test_a_role_connects_to_its_sockets_and_its_connections_bear_the_role(wired, user, domain):
    version, request, code, _, who, metadata = zap(wired, user.public, domain)
    assert (version, request, metadata) == (b"1.0", b"7", b"")
    if domain == FOLLOWS and user is WORKER:
        assert (code, who) == (b"400", b"")
    else:
        assert (code, who) == (b"200", user_id(user))
        assert who.startswith(user.role.encode())
        assert wired.core.network_users.user(who.decode()) == user


@pytest.mark.parametrize(
    "attempt",
    [
        {"key": b"x" * 32},
        {"key": b""},
        {"key": WORKER.public, "mechanism": b"PLAIN"},
        {"key": WORKER.public, "mechanism": b"NULL"},
        {"key": WORKER.public, "domain": b""},
        {"key": WORKER.public, "domain": b"other"},
    ],
)
def test_any_other_key_mechanism_or_domain_is_refused_and_counted(wired, attempt):
    assert zap(wired, **attempt)[2] == b"400"
    assert wired.dropped() == {"authentication": 1}


@pytest.mark.parametrize("frames", [[], [b"1.0"], [b"2.0"] * 7, [b"1.0", b"7", REPORTS]])
def test_a_request_that_is_none_gets_no_reply(wired, frames):
    assert wired.core.network_users.authenticate(frames) is None


@pytest.mark.parametrize(
    "name",
    ["", "worker", "worker laptop", "worker laptop zz", "operator laptop " + b"w".hex() * 32, 5],
)
def test_a_user_id_that_was_not_given_is_nobodys(wired, name):
    assert wired.core.network_users.user(name) is None


@pytest.mark.parametrize("user", ALL, ids=lambda user: user.role)
@pytest.mark.parametrize("role", ["worker", "viewer"])
def test_a_hello_in_another_role_is_refused(wired, user, role):
    peer = wired.worker("s", user=user) if role == "worker" else wired.viewer("s", user=user)
    fits = (user is WORKER) == (role == "worker")
    assert [type(message) for message in peer.heard()] == [
        messages.Welcome if fits else messages.Refuse
    ]
    assert wired.dropped().get("role", 0) == (not fits)


def test_a_welcome_names_the_network_to_who_came_by_it(wired):
    wired.core.handshake.network_follow = "tcp://*:7412"
    assert wired.viewer(user=VIEWER).heard()[0].follow == "tcp://*:7412"
    assert wired.viewer("local").heard()[0].follow == "ipc:///follow"


def test_every_role_has_a_table():
    assert set(DOMAINS) == set(VERBS) == {"worker", "viewer", "operator"}


@pytest.mark.parametrize("verb", EVERY_VERB)
@pytest.mark.parametrize("user", [VIEWER, OPERATOR], ids=lambda user: user.role)
def test_a_viewer_reads_and_an_operator_also_cancels_and_pauses(wired, user, verb):
    wired.worker().start()
    looker = wired.viewer(user=user)
    looker.ask(verb, operation="op", key="k", tty="/dev/pts/1", operations=["op"])
    allowed = {"status", "logs", "why", "draw"}
    if user is OPERATOR:
        allowed |= {"cancel", "pause", "resume", "claim", "drawn"}
    against = [reply.error for reply in looker.heard(messages.Reply) if reply.error]
    assert any("may not" in error for error in against) == (verb not in allowed)
    assert wired.dropped().get("role", 0) == (verb not in allowed)
    told = [type(message) for message in wired.sent[b"worker"]]
    reached = {messages.Cancel, messages.Pause, messages.Drawn}.intersection(told)
    assert bool(reached) == (user is OPERATOR and verb in ("cancel", "pause", "resume", "drawn"))
    assert wired.stopped is None
    assert not any(isinstance(effect, effects.ReadKeys) for effect in wired.effects)


def test_a_worker_reports_what_is_its_own_and_not_what_is_anothers(wired):
    mine = wired.worker(user=WORKER)
    mine.start()
    other = wired.worker("other", user=NetworkUser("more", "worker", b"m" * 32))
    assert not other.heard(messages.Welcome)  # it is not allowed
    local = wired.worker("local")
    local.start("theirs")
    mine.operations["theirs"] = local.operations["theirs"]
    mine.end("theirs", "failed")
    assert wired.operation("theirs").state == "running"
    assert wired.operation("op").state == "running"
    mine.ask("cancel", operation="theirs")
    mine.ask("stop")
    mine.ask("retire", major=9, minor=9)
    assert not local.heard(messages.Cancel)
    assert wired.stopped is None


def test_a_session_of_a_network_is_no_other_users_and_nobodys_here(wired):
    second = NetworkUser("second", "worker", b"2" * 32)
    wired.core.network_users.replace([*ALL, second])
    wired.worker("same", user=WORKER, pid=5)
    for thief in (
        wired.worker("same", user=second, pid=5, hello=False),
        wired.worker("same", pid=5, hello=False),
    ):
        thief.hello(identity=b"other")
        assert thief.heard(messages.Refuse)[0].reason == "session of another process"
    local = wired.worker("here", pid=6)
    assert local.heard(messages.Welcome)
    thief = wired.worker("here", user=WORKER, pid=6, hello=False)
    thief.hello(identity=b"another")
    assert thief.heard(messages.Refuse)[0].reason == "session of another process"


def test_of_a_revoked_key_nothing_is_taken_from_here_on(wired):
    worker, looker = wired.worker(user=WORKER), wired.viewer(user=OPERATOR)
    worker.start()
    assert wired.core.network_users.replace([VIEWER, OPERATOR]) == [worker.identity]
    worker.end()
    assert wired.operation("op").state == "running"
    worker.hello()
    assert worker.heard(messages.Refuse)[-1].reason == "revoked"
    assert wired.core.network_users.user(user_id(WORKER).decode()) is None
    looker.ask("status")
    assert looker.heard(messages.Reply)
    wired.pass_time(7)
    assert wired.operation("op").silent_since is not None  # and never crashed
    assert wired.operation("op").state == "running"


def test_a_name_that_another_key_or_role_has_now_is_another_user(wired):
    viewer = wired.viewer(user=OPERATOR)
    demoted = OPERATOR._replace(role="viewer")
    assert wired.core.network_users.replace([demoted]) == [viewer.identity]
    assert wired.core.network_users.user(user_id(OPERATOR).decode()) is None


def test_a_worker_of_another_machine_is_told_by_its_heartbeats_alone(wired):
    worker = wired.worker(user=WORKER, boot="another", offset=5_000.0, pid=4242)
    worker.start()
    assert wired.watched == {}
    assert wired.operation("op").started == pytest.approx(wired.now)
    wired.pass_time(20)
    assert wired.operation("op").silent_since is not None
    assert wired.operation("op").state == "running"
    worker.beat()
    assert wired.operation("op").silent_since is None


def test_a_terminal_of_another_machine_is_none_here(wired):
    worker = wired.worker(user=WORKER, boot="another", pid=4242)
    worker.start().tty = "/dev/pts/0"
    worker.announce()
    assert wired.operation("op").tty is None


def test_so_is_one_whose_socket_is_forwarded_by_ssh(wired):
    worker = wired.worker(boot="another", offset=-900.0, pid=4242)  # the pid is that of ssh
    worker.start()
    assert wired.watched == {}
    assert wired.core.sessions.by_id["worker"].is_remote
    assert wired.operation("op").started == pytest.approx(wired.now)


def test_budgets_are_by_session_where_the_process_is_not_known(wired):
    first = wired.worker("first", boot="another", pid=7)
    second = wired.worker("second", boot="another", pid=7)
    first.start("a")
    second.start("b")
    quotas = wired.core.ledger.quotas
    assert {"first", "second"} <= set(quotas.of_process)


@pytest.mark.parametrize("by", [{"user": WORKER}, {}], ids=["by a network", "by ssh"])
def test_what_was_open_when_the_broker_died_waits_for_the_other_machine(by):
    before = Wired(has_history=True)
    before.core.network_users.replace(ALL)
    worker = before.worker(boot="another", **by)
    worker.start()
    before.tick()
    row = before.stored_rows()["op"]
    after = Wired(now=500.0, has_history=True)
    after.core.network_users.replace(ALL)
    after.core.restored([row], after.now)
    after.pass_time(20)
    assert after.operation("op").state == "running"
    worker.wired = after
    worker.hello(identity=b"again")
    worker.end()
    after.store_all()
    assert after.operation("op").state == "completed"


def test_terminals_of_two_machines_that_have_one_name_are_two(wired):
    here, there = wired.viewer("here"), wired.viewer("there", user=OPERATOR)
    for looker in (here, there):
        looker.ask("draw", tty="/dev/pts/1")
    assert [reply.result for reply in here.heard(messages.Reply)] == [{"granted": True}]
    assert [reply.result for reply in there.heard(messages.Reply)] == [{"granted": True}]
    second = wired.viewer("second", user=OPERATOR)
    second.ask("draw", tty="/dev/pts/1")
    assert second.heard(messages.Reply)[0].result == {"granted": False}


def test_a_lock_of_another_machine_has_no_holder_here(wired):
    holder = wired.worker("holder", pid=4242)
    holder.start("theirs")
    waiter = wired.worker(user=WORKER, boot="another")
    waiter.start()
    waiter.halt("the dpkg lock, held by pid 4242")
    assert wired.operation("op").holder is None
    assert not any(isinstance(effect, effects.Trace) for effect in wired.effects)


def test_the_files_of_keys_are_read_again_where_somebody_here_asks(wired):
    wired.viewer().ask("keys")
    assert [e for e in wired.effects if isinstance(e, effects.ReadKeys)] == [
        effects.ReadKeys(b"viewer", 1)
    ]
    wired.core.subscribed(INBOX, True)
