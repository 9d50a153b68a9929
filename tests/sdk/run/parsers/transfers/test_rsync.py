from __future__ import annotations

from transcripts import play

from headway.run.parsers.transfers import rsync
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.events import OUTPUT, StageMoved, StageStarted

# Rows as its source formats them.
GROWING = "         782448  63%  110.64kB/s    0:00:04 (xfr#1, ir-chk=1020/3825)"
KNOWN = "      1,238,099 100%  146.38kB/s    0:00:08 (xfr#5, to-chk=169/396)"


def test_progress2_is_a_percentage_once_all_files_are_known():
    machine = rsync.Parser(parse_command_line(["rsync", "--info=progress2", "a", "b"]))
    assert machine.feed(GROWING, OUTPUT)[0] == StageStarted("Transfer", None, "%")
    assert machine.feed(KNOWN, OUTPUT) == [StageMoved("Transfer", 100, 100, "1238099 B")]


def test_otherwise_files_are_counted():
    machine = rsync.Parser(parse_command_line(["rsync", "-P", "a", "b"]))
    assert machine.feed(KNOWN, OUTPUT) == [
        StageStarted("Transfer", 396, "files"),
        StageMoved("Transfer", 227, 396),
    ]


def test_a_file_that_is_not_sent_at_once_is_a_stage_beside_the_count_of_files():
    played = play(rsync.Parser(), "rsync-file.out")
    assert played.counts() == {
        "Transfer": (1, 1, "completed"),
        "File": (100, 100, "completed"),
    }
    assert played.dones("File") == [0, 37, 74, 99, 100]
    assert played.stages["File"]["detail"] == "random.bin"


def test_several_files_are_one_stage_again_and_again():
    played = play(rsync.Parser(), "rsync-progress.pty")
    assert played.counts() == {
        "Transfer": (7, 7, "completed"),
        "File": (100, 100, "completed"),
    }


def test_all_of_several_folders_is_one_percentage():
    machine = rsync.Parser(parse_command_line(["rsync", "--info=progress2", "a", "b"]))
    assert play(machine, "rsync-progress2.out").counts() == {"Transfer": (100, 100, "completed")}
