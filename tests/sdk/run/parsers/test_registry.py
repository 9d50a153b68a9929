from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcripts import RECORDINGS, play, read_as, recording

from headway.run.parsers.registry import (
    DATA_ON_STDOUT,
    PARSERS,
    TYPED_LIMIT,
    WITH_MACHINE_FORM,
    find_parser_module,
    machine_form,
    make_parser,
    script_in,
)
from headway.run.reading.command_line import WRAPPERS, FormContext, parse_command_line
from headway.run.reading.events import EVENTS, OUTPUT, STATUS, Detail, Planned, StageStarted, Untold
from headway.run.reading.terminal_lines import LineSplitter
from headway.run.supervision.plan import Plan

RECORDED = sorted(name for name in os.listdir(RECORDINGS) if name != "VERSIONS")


def test_an_unknown_program_gets_the_progress_bar_parser():
    assert find_parser_module("frobnicate") is None
    assert (
        make_parser(None, parse_command_line(["frobnicate"])).__module__
        == "headway.run.parsers.generic"
    )


# Of programs that have one parser, one.
PROGRAMS = sorted({name: program for program, name in PARSERS.items()}.values())
MODULES = [program for program in PROGRAMS if ":" not in PARSERS[program]]


@pytest.mark.parametrize("program", [*MODULES, "stranger"])
def test_no_parser_raises_on_anothers_output_however_it_is_cut(program):
    for name in RECORDED:
        command = parse_command_line([program])
        for status in (0, 1):
            parser = make_parser(find_parser_module(command.program), command)
            played = play(parser, name, exit_status=status, chunk=777)
            assert {type(event) for event in played.events} <= {*EVENTS}


def test_no_table_raises_on_anothers_output():
    lines = [line for name in RECORDED for line in LineSplitter().feed(recording(name))]
    for program in set(PROGRAMS).difference(MODULES):
        parser = make_parser(find_parser_module(program), parse_command_line([program]))
        told = [event for line in lines for event in parser.feed(line.text, OUTPUT)]
        assert {type(event) for event in (*told, *parser.finish(0))} <= {*EVENTS}


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("apt-get install x", "apt-install-text.pty"),
        ("dpkg -i a.deb", "dpkg-fail.out"),
        ("pip install x", "pip23-install.out"),
        ("uv pip install x", "uv-pip.err"),
        ("npm install", "npm-install-http.err"),
        ("git clone x", "git-clone.pty"),
        ("mke2fs x", "mke2fs.pty"),
        ("par2 create x", "par2.out"),
        ("restic check", "restic-check.pty"),
        ("borg check", "borg-check.err"),
        ("sphinx-build . o", "sphinx.out"),
        ("yarn", "yarn.pty"),
    ],
)
def test_of_several_stages_the_first_is_never_taken_for_the_whole(command, name):
    events = read_as(command, name).events
    first = next(at for at, event in enumerate(events) if isinstance(event, StageStarted))
    before = events[:first]
    plans = [event.stages for event in before if isinstance(event, Planned)]
    assert Untold() in before or len(plans[0]) > 1


@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from([OUTPUT, STATUS]))))
def test_no_parser_raises_on_any_text(lines):
    for program in [*PROGRAMS, "stranger"]:
        command = parse_command_line([program])
        parser = make_parser(find_parser_module(command.program), command)
        told = [event for line, source in lines for event in parser.feed(line, source)]
        assert {type(event) for event in (*told, *parser.finish(0))} <= {*EVENTS}


def test_every_program_has_a_parser_and_a_name():
    for program in PARSERS:
        tool = find_parser_module(program)
        assert tool.name_of(parse_command_line([program])).split()[0] in (program, "apt", "mvn")
        assert make_parser(tool, parse_command_line(["stranger"])).feed("hello", OUTPUT) in (
            [],
            [Detail("hello")],
        )


def test_every_tool_that_has_a_machine_form_is_asked_for_it():
    modules = {name: find_parser_module(program) for program, name in PARSERS.items()}
    assert {
        name for name, tool in modules.items() if hasattr(tool, "machine_form")
    } == WITH_MACHINE_FORM


def test_nothing_is_added_behind_sudo():
    command = parse_command_line(["sudo", "apt-get", "install", "x"])
    assert machine_form(command, FormContext(9)) is None


def test_a_tool_without_a_machine_form_is_started_as_it_is():
    assert machine_form(parse_command_line(["curl", "x"]), FormContext(9)) is None
    assert machine_form(parse_command_line(["stranger"]), FormContext(9)) is None


def test_whatever_may_be_started_in_another_way_is_not_plain():
    programs = {program for program, name in PARSERS.items() if name in WITH_MACHINE_FORM}
    for program in programs | DATA_ON_STDOUT | {*WRAPPERS, "python3.13", "pypy3", "pip3"}:
        assert not Plan([f"/usr/bin/{program}"], "", None, None, None).is_plain, program
    assert Plan(["make"], "", None, None, None).is_plain


def test_a_command_line_that_nobody_types_is_not_looked_at_for_a_script():
    assert script_in("sh deploy.sh") == "deploy.sh"
    assert script_in("sh deploy.sh " + "x" * TYPED_LIMIT) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("apt-get -s install cowsay", "apt install cowsay (dry run)"),
        ("apt-get install -ys cowsay", "apt install cowsay (dry run)"),
        ("apt-get --just-print upgrade", "apt upgrade (dry run)"),
        ("apt-get -t stables install cowsay", "apt install cowsay"),
        ("apt-get install cowsay", "apt install cowsay"),
        ("pip install --dry-run -q tqdm", "pip install tqdm (dry run)"),
        ("npm install --dry-run express", "npm install express (dry run)"),
        ("npm run build --dry-run", "npm run build"),
        ("rsync -avn a b", "rsync (dry run)"),
        ("rsync --dry-run a b", "rsync (dry run)"),
        ("rsync -essh-n a b", "rsync"),
        ("rsync -av -- -n b", "rsync"),
    ],
)
def test_what_is_only_tried_is_not_called_as_what_is_done(line, name):
    command = parse_command_line(line.split())
    assert find_parser_module(command.program).name_of(command) == name
