from __future__ import annotations

from transcripts import Played, play

from headway.run.parsers.packages import apt
from headway.run.reading.command_line import FormContext, parse_command_line
from headway.run.reading.events import (
    OUTPUT,
    STATUS,
    Detail,
    NeedsInput,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
)


def parser(line="apt-get install hello"):
    return apt.Parser(parse_command_line(line.split()))


def test_an_install_is_downloaded_unpacked_and_configured_package_by_package():
    played = play(parser(), "apt-install.out", "apt-install.status")
    assert played.counts() == {
        "Download": (97_100, 97_100, "completed"),
        "Unpack": (4, 4, "completed"),
        "Configure": (4, 4, "completed"),
    }
    assert played.stages["Download"]["unit"] == "B"


def test_a_package_counts_as_unpacked_when_dpkg_is_through_with_it():
    played = play(parser(), "apt-install.status")
    assert played.dones("Unpack") == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]


def test_without_a_status_descriptor_the_text_tells_the_same_stages():
    for name in ("apt-install-text.pty", "apt-install-fancy.pty", "apt-install.out"):
        played = play(parser(), name, chunk=7)
        assert list(played.stages) == ["Download", "Unpack", "Configure"]
        assert all(done == total for done, total, _ in played.counts().values())


def test_a_status_that_comes_after_all_was_fetched_begins_no_second_download():
    machine = parser()
    lines = ["Need to get 97.1 kB of archives.", "Fetched 97.1 kB in 0s (6993 kB/s)"]
    status = "dlstatus:2:100:Retrieving file 2 of 2"
    events = machine.feed(lines[0], OUTPUT) + machine.feed(status, STATUS)
    events += machine.feed(lines[1], OUTPUT)
    assert StageEnded("Download") in events
    assert machine.feed(status, STATUS) == []


def test_without_a_sum_in_advance_what_was_fetched_is_the_sum_of_its_files():
    machine, played = parser("apt-get download a b"), Played()
    for number, size in ((1, "53.1 kB"), (2, "1357 kB")):
        line = f"Get:{number} http://x y/main amd64 hello amd64 2.10-3 [{size}]"
        played.take(machine.feed(line, OUTPUT))
    played.take(machine.feed("Fetched 1410 kB in 0s (6993 kB/s)", OUTPUT))
    assert played.figures() == {"Download": (1_410_100, 1_410_100, "B")}


def test_totals_that_apt_did_not_tell_stay_unknown():
    played = play(parser(), "apt-install.status")
    assert played.counts()["Unpack"] == (4, None, "completed")
    assert played.stages["Download"]["unit"] == "%"


def test_what_is_to_be_done_is_announced_before_anything_is_fetched():
    played = play(parser(), "apt-install.out")
    packages = (StageStarted(name, 4, "packages") for name in ("Unpack", "Configure"))
    plan = Planned((StageStarted("Download", 97_100, "B"), *packages))
    assert next(event for event in played.events if not isinstance(event, Detail)) == plan
    played = play(parser("apt-get remove sl"), "apt-remove.out")
    assert Planned((StageStarted("Remove", 2, "packages"),)) in played.events


def test_without_its_summary_it_is_told_that_more_comes_than_the_download():
    fetched = "Get:1 http://x y/main amd64 hello amd64 2.10-3 [53.1 kB]"
    assert parser().feed(fetched, OUTPUT)[0] == Untold()
    for line in ("apt-get download hello", "apt-get -yd install hello", "apt-get install -s hello"):
        assert Untold() not in parser(line).feed(fetched, OUTPUT)


def test_past_the_download_it_cannot_be_cancelled():
    assert not play(parser(), "apt-install.status").cancellable
    assert play(parser("apt-get download hello"), "apt-download.status").cancellable


def test_a_removal_is_a_stage():
    played = play(parser("apt-get remove sl"), "apt-remove.out", "apt-remove.status")
    assert played.counts() == {"Remove": (2, 2, "completed")}


def test_a_package_that_fails_is_named_once_and_not_counted():
    played = play(parser(), "apt-fail.out", "apt-fail.err", exit_status=100)
    assert played.failed == [
        "bb: installed bb package post-installation script subprocess returned error exit status 3"
    ]
    assert played.counts()["Configure"] == (0, 1, "running")


def test_the_packages_error_stands_above_apts_own():
    played = play(parser(), "apt-fail.out", "apt-fail.status", "apt-fail.err", exit_status=100)
    assert "post-installation script" in played.failed[-1]


def test_an_unknown_package_is_the_error():
    played = play(parser(), "apt-notfound.out", "apt-notfound.err", exit_status=100)
    assert played.failed == ["Unable to locate package no-such-package-xyz"]


def test_waiting_for_the_lock_says_who_holds_it():
    played = play(parser(), "apt-lock.out", "apt-lock.err", exit_status=100)
    assert played.waits[0] == "the dpkg lock, held by process 13705 (python3)"


def test_after_the_lock_it_goes_on():
    played = play(parser(), "apt-lock-wait.pty", "apt-lock-wait.status")
    assert played.waits
    assert played.counts()["Configure"] == (1, 1, "completed")


def test_a_changed_configuration_file_needs_a_person():
    events = parser().feed("pmconffile:/etc/x.conf:40.0000:'a' 'b' 1 1 ", STATUS)
    assert events == [NeedsInput("configuration file /etc/x.conf")]


def test_a_message_in_another_language_leaves_the_percentage():
    events = parser().feed("pmstatus:hello:35.2941:hello (amd64) wird installiert", STATUS)
    assert events == [
        StageStarted("Install packages", 100, "%"),
        StageMoved("Install packages", 35.2941, 100, "hello"),
    ]


def test_the_number_of_files_is_read_in_any_language():
    events = parser().feed("dlstatus:3:50.0000:Holen der Datei 3 von 7 (noch 2 s)", STATUS)
    assert events[-1] == StageMoved("Download", 50, 100, "(file 3 of 7)", "%")


def test_an_update_fetches_lists_and_reads_them():
    machine = parser("apt-get update")
    fetch, read = (
        StageStarted("Update package lists", None, "lists"),
        StageStarted("Read package lists"),
    )
    assert machine.feed("Hit:1 http://deb.debian.org/debian bookworm InRelease", OUTPUT) == [
        Planned((fetch, read)),
        fetch,
        StageMoved("Update package lists", 1),
    ]
    ended = machine.feed("Fetched 9,123 kB in 2s (4,000 kB/s)", OUTPUT)
    assert ended[-2:] == [StageEnded("Update package lists"), read]
    assert machine.feed("Reading package lists...", OUTPUT) == [Detail("Reading package lists...")]
    assert machine.finish(0) == [StageEnded("Read package lists")]


def test_an_update_that_fetches_nothing_reads_its_lists_too():
    machine = parser("apt update")
    machine.feed("Reading package lists... 12%", OUTPUT)  # of what is there already
    machine.feed("Hit:1 http://deb.debian.org/debian bookworm InRelease", OUTPUT)
    ended, begun, moved, _ = machine.feed("Reading package lists... 47%", OUTPUT)
    assert (ended, begun) == (
        StageEnded("Update package lists"),
        StageStarted("Read package lists"),
    )
    assert moved == StageMoved("Read package lists", 47, 100, None, "%")


def test_an_update_counts_its_lists_and_shows_no_share_of_those_it_knows_so_far():
    played = play(parser("apt-get update"), "apt-update.pty")
    assert played.counts() == {
        "Update package lists": (4, None, "completed"),
        "Read package lists": (100, 100, "completed"),
    }


def test_aptitude_is_read_as_apt_and_started_as_it_is():
    played = play(parser("aptitude -y download hello"), "aptitude.pty")
    assert played.stages["Download"]["done"] == 100
    command = parse_command_line(["aptitude", "download", "hello"])
    assert apt.name_of(command) == "aptitude download hello"
    assert apt.machine_form(command, FormContext(9)) is None


def test_the_machine_form_is_a_status_descriptor():
    form = apt.machine_form(parse_command_line(["apt-get", "-y", "install", "x"]), FormContext(9))
    assert form is not None
    assert form.argv == ["apt-get", "-o", "APT::Status-Fd=9", "-y", "install", "x"]
    assert form.status


def test_a_users_own_status_descriptor_is_left_alone():
    command = parse_command_line(["apt-get", "-o", "APT::Status-Fd=3", "install", "x"])
    assert apt.machine_form(command, FormContext(9)) is None


def test_what_apt_does_first_is_known_though_it_is_no_stage():
    lines = [
        "Reading package lists... 94%",
        "Building dependency tree... Done",
        "(Reading database ... 5%",
    ]
    assert [parser().feed(line, OUTPUT) for line in lines] == [[Detail(line)] for line in lines]
