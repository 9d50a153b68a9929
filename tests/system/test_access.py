"""Who gets in: a second user of the machine, root under sudo, cron, containers, forgers."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest
from account import Account, reason_against
from machine import until
from peers import OP, Peer

from headway.protocol import messages

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def account():
    against = reason_against()
    if against:
        pytest.skip(against)
    account = Account(f"headway{os.getpid()}")
    yield account
    account.close()


@pytest.fixture
def other_user(account):
    """The second user, with nothing running and no directory left."""
    yield account
    account.end_all()
    for folder in (f"/tmp/headway-{account.uid}", f"/run/user/{account.uid}"):
        subprocess.run(["rm", "-rf", folder], check=True)


WORK = """
import headway, signal, sys
op = headway.operation(sys.argv[1]).start()
print(op.id, flush=True)
if sys.argv[2:]:
    signal.pause()
op.complete()
"""


def program(other_user, name, *stays, before=()):
    """The command of a program with an operation, which stays open where it `stays`."""
    return (*before, other_user.python, "-c", WORK, name, *stays)


def listed(other_user, **environ):
    """What `headway ps --json` shows to the second user: name → operation."""
    status, out, err = other_user.run(other_user.python, "-m", "headway", "ps", "--json", **environ)
    if status == 3:
        return {}  # the broker is still starting
    assert status == 0, err
    return {one["name"]: one for one in json.loads(out)["operations"]}


def owner_of_broker(folder):
    with open(os.path.join(folder, "broker.lock")) as file:
        return os.stat(f"/proc/{int(file.read())}").st_uid


# Another user.


@pytest.mark.oldest
def test_another_user_can_neither_read_nor_write_nor_stop(host, other_user):
    host.broker("--detached")
    peer = host.peer()
    peer.start(name="secret work")
    until(lambda: host.operation(OP))
    os.chmod(host.state, 0o755)
    attempts = f"""
import os, signal, socket, sys
host, pid = {host.directory!r}, {host.status()["pid"]}
def attempt(what, function, *arguments):
    try: print(what, "done", function(*arguments))
    except OSError as error: print(what, error.errno)
def connect(name):
    socket.socket(socket.AF_UNIX).connect(os.path.join(host, name))
attempt("list", os.listdir, host)
attempt("report", connect, "report.sock")
attempt("follow", connect, "follow.sock")
attempt("log", open, os.path.join(host, "broker.log"))
attempt("history", open, os.path.join({host.state!r}, "history.sqlite3"))
attempt("unsent", open, os.path.join(host, "unsent", "x"), "w")
attempt("remove", os.unlink, os.path.join(host, "report.sock"))
attempt("rename", os.rename, host, host + "-mine")
attempt("kill", os.kill, pid, signal.SIGTERM)
"""
    status, out, err = other_user.run(other_user.python, "-c", attempts)
    assert status == 0, err
    refused = dict(line.split(" ", 1) for line in out.splitlines())
    assert len(refused) == 9
    assert set(refused.values()) <= {"13", "1"}, refused
    for command in ("ps", "broker stop", "broker status", "view --until-done --timeout 3"):
        argv = (other_user.python, "-m", "headway", *command.split())
        _, out, err = other_user.run(*argv, HEADWAY_RUNTIME_DIR=host.directory)
        assert "secret" not in out + err
    assert host.operation(OP).state == "running"


def test_a_directory_that_another_user_has_laid_out_is_not_used(other_user):
    trap = f"/tmp/headway-{other_user.uid}"
    os.mkdir(trap, 0o777)
    os.chmod(trap, 0o777)
    status, out, err = other_user.run(*program(other_user, "careful"))
    assert (status, err) == (0, "")
    assert os.listdir(trap) == []
    status, out, err = other_user.run(other_user.python, "-m", "headway", "doctor")
    assert "belongs to uid 0" in out + err


@pytest.mark.parametrize("mine", [True, False])
def test_a_link_in_place_of_the_directory_is_not_followed(other_user, mine):
    target = os.path.join(other_user.folder, f"elsewhere{mine}")
    os.mkdir(target, 0o700)
    os.chown(target, other_user.uid if mine else 0, -1)
    os.symlink(target, f"/tmp/headway-{other_user.uid}")
    try:
        status, _, err = other_user.run(*program(other_user, "careful"))
        assert (status, err) == (0, "")
        assert os.listdir(target) == []
    finally:
        os.unlink(f"/tmp/headway-{other_user.uid}")


def test_a_directory_that_is_open_to_others_is_not_used(other_user):
    open_one = f"/tmp/headway-{other_user.uid}"
    os.mkdir(open_one)
    os.chmod(open_one, 0o755)
    os.chown(open_one, other_user.uid, other_user.gid)
    assert other_user.run(*program(other_user, "careful"))[0] == 0
    assert os.listdir(open_one) == []
    _, out, err = other_user.run(other_user.python, "-m", "headway", "doctor")
    assert "open to others" in out + err


def test_files_of_another_user_in_unsent_are_not_read(host, other_user):
    host.broker("--detached")
    folder = host.path("unsent")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "left")
    with open(path, "wb") as file:
        file.write(b"x")
    os.chown(path, other_user.uid, other_user.gid)
    for name in ("ours", "ours again"):  # as the second goes, the first look at all has ended
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"x")
        until(lambda name=name: name not in os.listdir(folder), f"a look at {name}")
    assert os.path.exists(path)


# Root under sudo.


@pytest.mark.oldest
def test_a_program_under_sudo_reports_to_the_broker_of_the_user_who_typed_it(other_user):
    mine = other_user.start(*program(other_user, "mine", "stays"))
    mine.stdout.readline()
    until(lambda: "mine" in listed(other_user))
    status, out, err = other_user.run(*program(other_user, "root's", before=other_user.sudo()))
    assert (status, err) == (0, ""), out
    found = until(lambda: listed(other_user).get("root's"))
    assert found["state"] == "completed"
    assert owner_of_broker(f"/tmp/headway-{other_user.uid}") == other_user.uid
    mine.kill()
    mine.communicate()


def test_a_broker_that_a_program_under_sudo_starts_is_the_users_own(other_user):
    status, out, err = other_user.run(*program(other_user, "root's", before=other_user.sudo()))
    assert (status, err) == (0, ""), out
    folder = f"/tmp/headway-{other_user.uid}"
    assert until(lambda: os.path.exists(f"{folder}/report.sock"))
    assert owner_of_broker(folder) == other_user.uid
    for name in os.listdir(folder):
        assert os.lstat(f"{folder}/{name}").st_uid == other_user.uid, name
    assert until(lambda: listed(other_user).get("root's"))["state"] == "completed"
    # The history is in the user's home, and the user's own.
    state = os.path.join(other_user.home, ".local/state/headway")
    assert os.stat(state).st_uid == other_user.uid
    for name in os.listdir(state):
        assert os.stat(os.path.join(state, name)).st_uid == other_user.uid


def test_headway_run_under_sudo_is_shown_to_the_user(other_user):
    argv = ("-m", "headway", "run", "--name", "as root", "--", "sh", "-c", "id -u; exit 7")
    status, out, err = other_user.run(*other_user.sudo(), other_user.python, *argv)
    assert (status, out) == (7, "0\n"), err
    found = until(lambda: listed(other_user).get("as root"))
    assert (found["state"], found["exit_status"], found["user"]) == ("failed", 7, other_user.name)


def test_a_killed_program_under_sudo_has_crashed(other_user):
    before = other_user.sudo()
    process = other_user.start(*program(other_user, "root's", "stays", before=before))
    found = until(lambda: listed(other_user).get("root's"))
    os.kill(found["pid"], signal.SIGKILL)
    until(lambda: listed(other_user)["root's"]["state"] == "crashed", seconds=5)
    process.communicate(timeout=10)


def test_an_end_under_sudo_that_no_broker_took_in_is_not_lost(other_user):
    before = other_user.sudo(HEADWAY_BROKER="never")
    status, _, err = other_user.run(*program(other_user, "root's", before=before))
    assert (status, err) == (0, "")
    folder = f"/tmp/headway-{other_user.uid}"
    assert os.stat(folder).st_uid == os.stat(f"{folder}/unsent").st_uid == other_user.uid
    assert other_user.run(*program(other_user, "mine"))[0] == 0
    assert until(lambda: listed(other_user).get("root's"))["state"] == "completed"
    until(lambda: os.listdir(f"{folder}/unsent") == [])


def test_root_follows_no_link_that_the_user_has_laid_out(other_user):
    """A user may not have root write where only root may."""
    folder = f"/tmp/headway-{other_user.uid}"
    target = os.path.join(other_user.folder, "roots")
    os.mkdir(target, 0o700)
    script = f"mkdir -m 700 {folder} && ln -s {target} {folder}/unsent && "
    script += f"ln -s {target}/lock {folder}/start.lock && ln -s {target}/log {folder}/broker.log"
    assert other_user.run("sh", "-c", script)[0] == 0
    before = other_user.sudo(HEADWAY_BROKER="never")
    status, _, err = other_user.run(*program(other_user, "root's", before=before))
    assert (status, err) == (0, "")
    status, _, err = other_user.run(*program(other_user, "root's", before=other_user.sudo()))
    assert (status, err) == (0, "")
    assert os.listdir(target) == []


# Cron, desktops, containers.


def test_a_program_under_cron_finds_the_desktops_broker(other_user):
    run = f"/run/user/{other_user.uid}"
    os.makedirs(run, mode=0o700)
    os.chown(run, other_user.uid, other_user.gid)
    assert stat.S_IMODE(os.stat(run).st_mode) == 0o700
    desktop = other_user.start(*program(other_user, "desktop", "stays"), XDG_RUNTIME_DIR=run)
    desktop.stdout.readline()
    assert other_user.run(*program(other_user, "cron"))[0] == 0  # no XDG variable is set there
    found = until(lambda: len(listed(other_user)) == 2 and listed(other_user))
    assert set(found) == {"desktop", "cron"}
    assert owner_of_broker(f"{run}/headway") == other_user.uid
    assert not os.path.exists(f"/tmp/headway-{other_user.uid}")
    desktop.kill()
    desktop.communicate()


@pytest.mark.parametrize("first", ["desktop", "cron"])
def test_cron_and_a_desktop_with_a_place_of_its_own_have_one_broker(other_user, first):
    xdg = os.path.join(other_user.folder, f"xdg-{first}")
    os.mkdir(xdg, 0o700)
    os.chown(xdg, other_user.uid, other_user.gid)
    environs = {"desktop": {"XDG_RUNTIME_DIR": xdg}, "cron": {}}
    second = "cron" if first == "desktop" else "desktop"
    names = {f"{first} before {second}", f"{second} after {first}"}
    begun, later = sorted(names, key=lambda name: "after" in name)
    stays = other_user.start(*program(other_user, begun, "stays"), **environs[first])
    stays.stdout.readline()
    assert other_user.run(*program(other_user, later), **environs[second])[0] == 0
    for environ in environs.values():  # the history may tell of other tests, too
        until(lambda environ=environ: names <= set(listed(other_user, **environ)))
    stays.kill()
    stays.communicate()


def test_a_broker_that_began_before_the_session_is_used_in_it(other_user):
    cron = other_user.start(*program(other_user, "before the session", "stays"))
    cron.stdout.readline()
    until(lambda: "before the session" in listed(other_user))
    run = f"/run/user/{other_user.uid}"
    os.makedirs(run, mode=0o700)
    os.chown(run, other_user.uid, other_user.gid)
    assert other_user.run(*program(other_user, "in it"), XDG_RUNTIME_DIR=run)[0] == 0
    until(lambda: {"before the session", "in it"} <= set(listed(other_user)))
    assert not os.path.exists(f"{run}/headway")
    cron.kill()
    cron.communicate()


def test_a_container_without_run_user_works(other_user):
    assert not os.path.exists(f"/run/user/{other_user.uid}")
    assert other_user.run(*program(other_user, "inside"))[0] == 0
    assert until(lambda: listed(other_user).get("inside"))["state"] == "completed"
    folder = os.stat(f"/tmp/headway-{other_user.uid}")
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (other_user.uid, 0o700)


# Forgers of the same user.


def test_a_message_about_somebody_elses_operation_is_refused_and_counted(host):
    host.broker("--detached")
    owner = host.peer()
    owner.start(name="mine")
    forger = Peer(host.directory, session="f" * 16, pid=1)
    host.peers.append(forger)
    forger.start(name="forged")  # the same id
    assert forger.hear(messages.Refuse).reason == "operation of another session"
    forger.end(state="failed")
    forger.send(messages.Log(OP, None, ["forged line"]))
    forger.send(messages.Bye(forger.sequence, time.monotonic()))
    until(lambda: host.status()["dropped"].get("lines"))
    dropped = host.status()["dropped"]
    assert dropped["operation of another session"] >= 1
    found = host.operation(OP)
    assert (found.name, found.state) == ("mine", "running")
    owner.end()
    until(lambda: host.operation(OP).state == "completed")


STEAL = """
peer.session = sys.argv[1]
peer.hello()
print(peer.hear(__import__("peers").messages.Refuse))
"""


def test_a_session_cannot_be_taken_over_by_another_process(host):
    host.broker("--detached")
    owner = host.peer()
    owner.start()
    until(lambda: host.operation(OP))
    thief = host.worker(STEAL, owner.session, hello=False)
    out, err = thief.communicate(timeout=20)
    assert "session of another process" in out, err
    owner.end()
    until(lambda: host.operation(OP).state == "completed")
