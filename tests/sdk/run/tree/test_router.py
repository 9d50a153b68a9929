from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcripts import recording

from headway.run.parsers import generic
from headway.run.parsers.registry import find_parser_module, make_fallback, make_parser
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.events import (
    OUTPUT,
    STATUS,
    Cancellable,
    Detail,
    Failed,
    StageEnded,
    StageMoved,
    StageStarted,
    ToolStarted,
    Untold,
)
from headway.run.reading.terminal_lines import LineSplitter
from headway.run.tree.router import (
    STRANGE_LINES,
    TOOLS,
    UNRECOGNIZED_SECONDS,
    VERDICT_SECONDS,
    Process,
    Router,
    command_of,
)

SHELL = Process(10, 1, 1, ("sh", "install.sh"))


def process(pid, *argv, parent=10, written=0, cwd="/work/kernel"):
    return Process(pid, pid, parent, argv, cwd, written)


PIP = process(20, "python3", "/usr/bin/pip", "install", "numpy")
GIT = process(30, "git", "clone", "https://host/owner/linux.git")


def stranger():
    return Router(generic.Parser())


def known(*argv):
    command = parse_command_line(argv)
    tool = find_parser_module(command.program)
    module = tool.__name__.split("parsers.")[1]
    return Router(make_parser(tool, command), module, functools.partial(make_fallback, command))


def lines(router, *texts, now=1.0):
    return [found for text in texts for found in router.feed(text, OUTPUT, now) if found[1]]


def test_a_tool_below_the_command_is_a_stage_with_its_parsers_stages_in_it():
    router = stranger()
    assert router.look([SHELL, PIP], 1) == [("", [ToolStarted("pip install numpy")])]
    (scope, events), *_ = lines(router, "Collecting numpy")
    assert scope == "pip install numpy"
    assert StageStarted("Resolve", None, "packages") in events
    assert router.look([SHELL, PIP], 2) == []


def test_a_parser_that_asks_is_told_when_its_lines_come():
    table = ["50%", "66%", "75%"]
    moved = [
        [event for _, events in lines(stranger(), *table, now=now) for event in events]
        for now in (1.0, 2.0)
    ]
    assert not any(isinstance(event, StageMoved) for events in moved for event in events)
    router = stranger()
    later = [lines(router, line, now=now) for now, line in enumerate(table)]
    assert isinstance(later[-1][0][1][-1], StageMoved)


def test_what_a_tool_does_not_know_is_the_commands():
    router = stranger()
    router.look([SHELL, PIP], 1)
    assert lines(router, "hello") == [("", [StageStarted("Run"), Detail("hello")])]


def test_a_tool_that_is_gone_is_complete_once_the_command_goes_on():
    router = stranger()
    router.look([SHELL, PIP], 1)
    assert router.look([SHELL], 2) == []
    assert ("", [StageEnded("pip install numpy")]) in router.look([SHELL], 2 + VERDICT_SECONDS)


def test_a_tool_that_ends_with_a_command_that_fails_is_not_said_to_be_complete():
    router = stranger()
    router.look([SHELL, PIP], 1)
    router.look([SHELL], 2)
    assert not any(
        isinstance(event, StageEnded) for _, events in router.finish(1) for event in events
    )


def test_a_tool_has_failed_where_it_says_so():
    router = stranger()
    router.look([SHELL, PIP], 1)
    assert Failed("No space") in lines(router, "ERROR: No space")[0][1]
    router.look([SHELL], 2)
    ended = router.look([SHELL], 2 + VERDICT_SECONDS)[-1]
    assert ended == ("", [StageEnded("pip install numpy", "failed", "No space")])


def test_the_tool_that_has_just_written_takes_the_line_that_two_know():
    router = stranger()
    router.look([SHELL, process(30, "make"), process(31, "ninja", "-C", "x"), PIP], 1)
    both = [process(30, "make", written=9), process(31, "ninja", "-C", "x")]
    router.look([SHELL, *both, PIP], 2)
    assert lines(router, "[1/9] a.c")[0][0] == "make (kernel)"


def test_where_two_have_written_the_lines_decide():
    router = stranger()
    router.look([SHELL, PIP, GIT], 1)
    router.look([SHELL, PIP._replace(written=5), GIT._replace(written=5)], 2)
    scopes = [
        scope for scope, _ in lines(router, "Collecting numpy", "Resolving deltas:  11% (1/9)")
    ]
    assert scopes == ["pip install numpy", "git clone linux"]


@pytest.mark.parametrize(
    ("root", "inner"),
    [
        (["apt-get", "install", "x"], ["/usr/bin/dpkg", "--unpack", "x.deb"]),
        (["make"], ["make", "-C", "lib"]),
        (["cmake", "--build", "x"], ["ninja"]),
        (["git", "clone", "x"], ["git", "index-pack"]),
    ],
)
def test_what_a_tools_own_parser_covers_is_no_stage_of_its_own(root, inner):
    router = known(*root)
    assert router.look([process(10, *root), process(11, *inner)], 1) == []
    router = stranger()
    started = router.look([SHELL, process(10, *root), process(11, *inner, parent=10)], 1)
    assert len(started) == 1


def test_a_tool_below_a_tool_is_a_stage_of_its_stage():
    router = stranger()
    npm = process(20, "npm install express")  # what npm makes of its own command line
    gyp = process(21, "make", "BUILDTYPE=Release", parent=20)
    started = router.look([SHELL, npm, gyp], 1)
    assert [events for _, events in started] == [
        [ToolStarted("npm install express (kernel)")],
        [ToolStarted("make (kernel)")],
    ]
    assert [scope for scope, _ in started] == ["", "npm install express (kernel)"]
    router.look([SHELL], 2)
    ended = [event for _, events in router.look([SHELL], 9) for event in events]
    names = [event.name for event in ended if isinstance(event, StageEnded)]
    assert names == ["make (kernel)", "npm install express (kernel)"]


def test_lines_alone_tell_of_a_tool_that_no_look_has_met():
    router = stranger()
    found = lines(
        router,
        "Installing",
        "Collecting numpy",
        "Cloning into 'x'...",
        "Receiving objects:  42% (6/15)",
    )
    assert ("", [ToolStarted("pip")]) in found
    assert ("", [StageEnded("pip")]) in found
    assert (
        "git",
        [Untold(), StageStarted("Receiving objects", 15), StageMoved("Receiving objects", 6, 15)],
    ) in found


def test_a_tool_known_by_its_lines_is_over_when_only_others_come():
    router = stranger()
    lines(router, "Collecting numpy")
    found = lines(router, *(f"text {chr(97 + n)}" for n in range(STRANGE_LINES)))
    assert ("", [StageEnded("pip")]) in found
    assert not router.has_tools


def test_a_process_takes_the_place_of_a_tool_known_by_its_lines():
    router = stranger()
    lines(router, "Collecting numpy")
    found = router.look([SHELL, PIP], 1)
    assert ("", [StageEnded("pip")]) in found
    assert found[-1] == ("", [ToolStarted("pip install numpy")])


def test_the_same_work_again_is_the_same_stage_again():
    router = stranger()
    router.look([SHELL, PIP], 1)
    router.look([SHELL], 2)
    found = router.look([SHELL, PIP._replace(pid=40, started=40)], 2.1)
    assert found[-2:] == [
        ("", [StageEnded("pip install numpy")]),
        ("", [ToolStarted("pip install numpy")]),
    ]


def test_a_pid_that_is_used_again_is_another_process():
    router = stranger()
    router.look([SHELL, PIP], 1)
    router.look([SHELL, PIP._replace(started=99, argv=("sleep", "9"))], 2)
    assert ("", [StageEnded("pip install numpy")]) in router.look([SHELL], 4)


def test_a_package_manager_that_is_gone_no_longer_forbids_to_cancel():
    router = stranger()
    router.look([SHELL, process(20, "apt-get", "install", "x")], 1)
    said = lines(router, "Unpacking x (1.0) ...")
    assert Cancellable(False) in said[0][1]
    router.look([SHELL], 2)
    assert ("apt install x", [Cancellable(True)]) in router.look([SHELL], 4)


def test_a_known_commands_output_falls_back_after_a_while():
    router = known("git", "clone", "x")
    for now, share in enumerate(range(10, 90, 10)):
        found = lines(router, f"checking: {share} %", now=now)
    assert now > UNRECOGNIZED_SECONDS
    assert found[-1] == ("", [StageMoved("checking", 80, 100, "", "%")])
    assert not any(
        event.name == "Run"
        for _, events in found
        for event in events
        if isinstance(event, StageStarted)
    )


def test_what_the_status_descriptor_tells_is_recognised_too():
    router = known("apt-get", "install", "x")
    for now in range(8):
        router.feed(f"pmstatus:x:{now}0.0:Unpacking x (amd64)", STATUS, now)
        found = lines(router, f"hook {now + 1}0 %", now=now + 0.5)
    assert found == []


def test_a_thousand_tools_cost_a_hundred_stages():
    router = stranger()
    many = [process(100 + n, "git", "clone", f"https://h/o/r{n}") for n in range(1000)]
    assert len(router.look([SHELL, *many], 1)) == TOOLS


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["apt-get", "install", "x"], "apt-get"),
        (["sudo", "apt-get", "install", "x"], "apt-get"),
        (["/usr/bin/python3", "/usr/bin/pip3.11", "install", "x"], "pip"),
        (["python3", "-m", "pip", "install", "x"], "pip"),
        (["node", "/usr/bin/npm", "ci"], "npm"),
        (["npm install x"], "npm"),
        (["sh", "-c", "apt-get install x"], None),
        (["python3", "train.py"], None),
        (["-bash"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_tool_is_recognised_by_its_command_line(argv, program):
    command = command_of(tuple(argv))
    assert (command and command.program) == program


def test_a_parser_that_raises_takes_nothing_from_the_others(monkeypatch):
    router = stranger()
    router.look([SHELL, GIT], 1)
    monkeypatch.setattr(find_parser_module("git").Parser, "feed", lambda *_: 1 / 0)
    assert lines(router, "hello") == [("", [StageStarted("Run"), Detail("hello")])]


ARGV = st.sampled_from(
    [("sh",), ("pip", "install", "a"), ("git", "clone", "b"), ("make",), ("npm", "ci"), None, ("",)]
)
LOOK = st.lists(
    st.builds(
        Process, st.integers(1, 6), st.integers(1, 2), st.integers(0, 6), ARGV, st.just("/x")
    ),
    max_size=6,
)


def test_below_a_tool_that_ended_with_the_one_around_it_a_new_one_stands_for_itself():
    git = Process(2, 1, 0, ("git", "clone", "b"), "/x")
    pip = Process(3, 2, 2, ("pip", "install", "a"), "/x")
    router = stranger()
    router.look([git, pip], 0)
    router.look([pip._replace(parent=0)], 1)
    router.look([pip._replace(parent=0)], 1 + VERDICT_SECONDS)
    npm = Process(4, 3, 3, ("npm", "install"), "/x")
    assert router.look([pip._replace(parent=0), npm], 3) == [("", [ToolStarted("npm install (x)")])]


@given(st.lists(st.one_of(LOOK, st.sampled_from(["Collecting a", "x", "Cloning into 'b'..."]))))
def test_every_stage_that_ends_has_begun(steps):
    router, running = stranger(), set()
    found = []
    for now, step in enumerate(steps):
        found += router.feed(step, OUTPUT, now) if isinstance(step, str) else router.look(step, now)
    found += router.finish(0)
    for scope, events in found:
        for event in events:
            if isinstance(event, (ToolStarted, StageStarted)):
                assert not scope or scope in running
                running.add(scope + "\0" + event.name if scope else event.name)
            elif isinstance(event, StageEnded):
                running.remove(scope + "\0" + event.name if scope else event.name)
    assert not running


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("apt-install.out", "apt-get"),
        ("pip23-install.out", "pip"),
        ("git-clone-progress.err", "git"),
        ("curl.err", "curl"),
        ("wget.err", "wget"),
        ("dd.err", "dd"),
        ("cargo-build.err", "cargo"),
        ("npm-install-http.err", "npm"),
        ("uv-pip.err", "uv"),
        ("make-cmake.out", "cmake"),
        ("7z-pipe.out", "7z"),
        ("ansible.out", "ansible-playbook"),
        ("aria2c-pipe.out", "aria2c"),
        ("ctest.out", "ctest"),
        ("ffmpeg-convert.err", "ffmpeg"),
        ("maven.out", "mvn"),
        ("pnpm-pipe.out", "pnpm"),
        ("pytest.out", "pytest"),
        ("rclone.pty", "rclone"),
        ("restic-check.pty", "restic"),
        ("sphinx.out", "sphinx-build"),
        ("unzip.out", "unzip"),
        ("yarn-pipe.out", "yarn"),
        ("yt-dlp.pty", "yt-dlp"),
        ("zip.out", "zip"),
    ],
)
def test_a_known_tools_lines_are_recognised_in_a_strangers_output(name, program):
    router = stranger()
    found = []
    for line in LineSplitter().feed(recording(name)):
        found += router.feed(line.text, OUTPUT, 1)
    started = [
        event.name for _, events in found for event in events if isinstance(event, ToolStarted)
    ]
    assert started[:1] == [program]
    assert any(scope == program and events for scope, events in found)


def test_a_make_that_counts_nothing_shows_its_last_line_as_an_unknown_command_does():
    router = known("make", "-C", "lib")
    assert not [scoped for scoped in lines(router, "cc -c a.c -o a.o") if is_staged(scoped)]
    late = lines(router, "cc -c b.c -o b.o", now=5.0)
    assert [event for _, events in late for event in events] == [
        StageStarted("Run"),
        Detail("cc -c b.c -o b.o"),
    ]
    counted = lines(router, "[1/9] cc -c c.c", now=6.0)
    told = [event for _, events in counted for event in events]
    assert told[0] == StageEnded("Run")
    assert StageStarted("Build", 9, "steps") in told


def is_staged(scoped):
    return any(isinstance(event, StageStarted) for event in scoped[1])
