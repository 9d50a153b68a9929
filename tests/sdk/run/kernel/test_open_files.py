import os
import subprocess
import sys

import pytest
from machine import until

from headway.run.kernel.open_files import (
    bytes_of,
    inputs_of,
    is_given,
    memory_of,
    open_files,
)

READER = """\
import sys
file = open(sys.argv[1], "rb")
file.seek(300)
out = open("out", "wb")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def process(tmp_path):
    """A process that stands at byte 300 of "data", given that, a folder, and as if= "other"."""
    for name in ("data", "other"):
        (tmp_path / name).write_bytes(bytes(1000))
    (tmp_path / "folder").mkdir()
    (tmp_path / "script").write_text(READER)
    made = subprocess.Popen(
        [sys.executable, "script", "data", "if=other", "-folder=folder"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    made.stdout.readline()
    yield made
    made.communicate()


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


def identity(path):
    about = os.stat(path)
    return (about.st_dev, about.st_ino)


def test_open_files_have_positions_and_sizes(process, tmp_path):
    found = {file.identity: file for file in open_files(process.pid)}
    data = found[identity(tmp_path / "data")]
    assert (data.position, data.size, data.writes) == (300, 1000, False)
    assert found[identity(tmp_path / "out")].writes


def test_given_is_what_the_command_line_names(process):
    inputs, folders = inputs_of(process.pid)
    assert [one.name for one in inputs] == ["script", "data", "other"]
    assert inputs[2].size == 1000
    assert folders is False


@pytest.mark.parametrize(
    ("operands", "part"), [([], False), (["skip=3"], True), (["count=90"], True)]
)
def test_of_an_input_that_is_read_in_part_nobody_knows_how_much(tmp_path, operands, part):
    (tmp_path / "data").write_bytes(bytes(1 << 18))  # more than a pipe takes: it stays
    reads = ["dd", "if=data", "bs=4096", *operands]
    made = subprocess.Popen(reads, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until(lambda: b"dd" in command_line(made.pid)[:3], "dd")
    inputs, unknown = inputs_of(made.pid)
    made.communicate()
    assert ([one.name for one in inputs], unknown) == (["data"], part)


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_is_named_is_told(tmp_path, there):
    if there:
        (tmp_path / "30").mkdir()
    with subprocess.Popen(["sleep", "30"], cwd=tmp_path) as sleep:
        try:
            until(lambda: b"30" in command_line(sleep.pid), "its command line")
            assert inputs_of(sleep.pid)[1] is there
        finally:
            sleep.kill()


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("tar czf out.tgz HERE", True),
        ("tar -c HERE", True),
        ("tar xf big.tar -C HERE", False),
        ("unzip big.zip -d HERE", False),
        ("gpg --homedir HERE big", False),
        ("cp big HERE", False),
        ("cp -r HERE there", True),
        ("cp -t HERE big", False),
        ("/bin/cp a HERE there", True),
        ("mytool HERE", True),
        ("tar cf - HERE", True),
    ],
)
def test_a_folder_is_given_unless_it_is_where_the_work_goes(line, given):
    words = line.encode().split()
    assert is_given(words, words.index(b"HERE")) is given


def test_standard_input_is_given_too(tmp_path):
    (tmp_path / "dump").write_bytes(bytes(1000))
    with open(tmp_path / "dump", "rb") as dump, subprocess.Popen(
        ["sleep", "30"], stdin=dump
    ) as one:
        try:
            assert [found.name for found in inputs_of(one.pid)[0]] == ["dump"]
        finally:
            one.kill()


def test_memory_and_bytes_are_counted(process):
    assert memory_of(process.pid) > 1 << 20
    read, written = bytes_of(process.pid)
    assert read > 1000
    assert written >= len("ready\n")


def test_of_a_process_that_is_gone_nothing_is_known():
    process = subprocess.Popen(["true"])
    process.wait()
    assert open_files(process.pid) == []
    assert inputs_of(process.pid) == ([], False)
    assert memory_of(process.pid) is None
    assert bytes_of(process.pid) is None
