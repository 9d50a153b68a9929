"""`headway broker …` and `headway history`, as a person types them."""

import json
import os
import signal
import socket
import subprocess

import pytest
from machine import until

from headway.protocol import messages
from headway_broker.commands import client
from headway_broker.commands.service import RETIRED, TAKEN

pytestmark = pytest.mark.once


def test_status_without_a_broker_says_so_and_starts_none(host):
    assert host.command("status") == (1, "", "headway broker: no broker is running\n")
    assert os.listdir(host.directory) == []


def test_status_without_a_runtime_directory_says_so_and_makes_none(host):
    host.environ["HEADWAY_RUNTIME_DIR"] = host.directory + "/none"
    assert host.command("status")[:2] == (1, "")
    assert not os.path.exists(host.directory + "/none")


def test_the_doctor_says_that_reporting_works_only_while_the_broker_answers(host):
    broker = host.broker("--detached")
    code, out, _ = host.finish(host.python("-m", "headway", "doctor"))
    assert (code, out.splitlines()[-1]) == (0, "reporting works")
    broker.send_signal(signal.SIGSTOP)
    code, out, _ = host.finish(host.python("-m", "headway", "doctor"))
    assert code == 1
    assert out.endswith("reporting is off: the broker does not answer (waited 5 s)\n")


def test_stop_without_a_broker_says_so(host):
    assert host.command("stop") == (1, "", "headway broker: no broker is running\n")


@pytest.mark.oldest
def test_status_in_json_has_what_scripts_read(host):
    broker = host.broker("--detached")
    code, out, _ = host.command("status", "--json")
    assert code == 0
    status = json.loads(out)
    assert status.keys() == host.status().keys()
    wanted = "pid instance endpoint version uptime workers viewers operations ingest dropped rss"
    assert set(wanted.split()) <= set(status)
    assert status["pid"] == broker.pid
    assert status["endpoint"] == f"ipc://{host.directory}/report.sock"
    assert status["rss"] > 1_000_000


def test_status_for_people_names_the_process_and_the_endpoint(host):
    broker = host.broker("--detached")
    code, out, _ = host.command("status")
    assert code == 0
    assert f"pid {broker.pid}" in out
    assert host.directory in out


@pytest.mark.oldest
def test_stop_ends_the_broker_and_leaves_no_socket(host):
    broker = host.broker("--detached")
    assert host.command("stop")[0] == 0
    assert broker.wait(10) == 0
    assert not os.path.exists(host.path("report.sock"))
    assert not os.path.exists(host.path("follow.sock"))


def test_a_second_broker_in_the_foreground_is_told_who_is_first(host):
    broker = host.broker("--detached")
    code, _, err = host.command("run")
    assert code == 1
    assert err == f"headway broker: a broker is running already (pid {broker.pid})\n"


def test_a_second_broker_that_was_started_by_a_program_leaves_silently(host):
    host.broker("--detached")
    assert host.command("run", "--detached") == (0, "", "")


@pytest.mark.oldest
def test_the_foreground_broker_logs_to_standard_error(host):
    broker = host.broker()
    broker.send_signal(signal.SIGINT)
    _, err = broker.communicate(timeout=10)
    assert broker.returncode == 0
    assert "leaving: SIGINT" in err


def test_as_a_service_it_takes_the_place_of_one_that_a_program_started_and_says_it_is_ready(host):
    path = host.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        host.environ["NOTIFY_SOCKET"] = path
        started = host.broker("--detached")  # by a program of a service: that is not ready by it
        served = host.broker("--service")
        assert started.wait(30) == 0
        ready, _, status = manager.recv(1000).decode().partition("\n")
        assert (ready, status) == ("READY=1", f"STATUS=serving ipc://{host.path('report.sock')}")
        assert host.serving() == served.pid
        assert host.command("run", "--service")[0] == TAKEN
        assert host.status()["open"] == 0
        served.send_signal(signal.SIGTERM)
        assert manager.recv(1000) == b"STOPPING=1"
        assert served.wait(30) == 0


def test_as_a_service_it_is_started_again_after_a_newer_one_has_come(host):
    served = host.broker("--service")
    newer = {"major": messages.MAJOR, "minor": messages.MINOR + 1}
    assert client.ask(host.path("report.sock"), "retire", newer).result == {"retiring": True}
    assert served.wait(30) == RETIRED


@pytest.mark.parametrize("argv", [("run",), ("status",), ("stop",), ()])
def test_help_names_what_there_is(host, argv):
    code, out, _ = host.command(*argv, "--help")
    assert code == 0
    assert "headway broker" in out


def test_an_unknown_verb_is_a_usage_error(host):
    code, _, err = host.command("dance")
    assert code == 2
    assert "dance" in err


def test_the_broker_leaves_when_nobody_has_come(host):
    broker = host.broker("--detached", "--leave-after", "0.3")
    assert broker.wait(10) == 0
    assert "leaving: nobody is here" in host.log()
    assert not os.path.exists(host.path("report.sock"))


def test_the_broker_stays_for_a_worker_and_leaves_after_it(host):
    code = "print(flush=True); sys.stdin.read(); peer.hello(); peer.start(); peer.end()"
    worker = host.worker(f"{code}; time.sleep(5)", hello=False, stdin=subprocess.PIPE)
    worker.stdout.readline()  # on a busy machine it may take four seconds to start
    broker = host.broker("--detached", "--leave-after", "4")
    worker.communicate(timeout=60)
    assert broker.poll() is None
    assert broker.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_detached_broker_outlives_a_terminal(host, number):
    broker = host.broker("--detached")
    broker.send_signal(number)
    assert host.status()["pid"] == broker.pid


@pytest.mark.oldest
def test_sigterm_is_an_orderly_stop(host):
    broker = host.broker("--detached")
    broker.terminate()
    assert broker.wait(10) == 0
    assert "leaving: SIGTERM" in host.log()


@pytest.mark.oldest
def test_history_is_listed_and_forgotten_while_the_broker_runs(host):
    host.broker("--detached")
    peer = host.peer()
    peer.start(name="Install nginx 1.22")
    peer.end()
    run = [
        "-c",
        (
            "import sys; from headway_broker.commands.history import main;"
            " sys.exit(main(sys.argv[1:]))"
        ),
    ]

    def history(*argv):
        process = host.python(*run, *argv)
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err

    [row] = until(lambda: [json.loads(line) for line in history("--json")[1].splitlines()])
    assert (row["key"], row["runs"]) == ("Install nginx", 1)
    assert "Install nginx" in history()[1]
    assert history("--accuracy")[0] == 0
    assert history("--forget", "Install nginx") == (0, "forgot 1 run\n", "")
    assert history("--forget", "Install nginx")[0] == 4
    assert history() == (0, "nothing is remembered yet\n", "")
