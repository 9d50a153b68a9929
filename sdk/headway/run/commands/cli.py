"""`headway run`: its options, and the errors that prevent a command from being started."""

from __future__ import annotations

import errno
import os
import sys

from headway.host.threads import signals as signal
from headway.run.process.fork_gate import CannotStart, execute, restore_default_signals
from headway.run.process.which import find_program, reason_against
from headway.run.stderr import own_verb, print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, NoReturn, Sequence

    from headway.run.parallel.command_list import CommandList
    from headway.run.process.signal_forwarding import ReceivedSignal
    from headway.run.supervision.launch import Launch
    from headway.run.time_limit import TimeLimit
else:
    from headway.light_typing import NamedTuple

DISPLAYS = ("auto", "live", "plain", "json", "quiet")
USAGE = (
    "usage: headway run [--name N] [--display MODE] [--as TOOL] [--no-parse] [--patch]\n"
    "                   [--sd-notify] [--fail-if LIM] [--label K=V] -- CMD [ARG…]\n"
    "       headway run [-j N] [--output MODE] CMD [ARG…] ::: CMD [ARG…] …\n"
    "       headway run [-j N] [--output MODE] --file FILE"
)
HELP = f"""{USAGE}

Run CMD as it is, and report its progress: its stages, counts and bytes where its output is
understood (apt, pip, git, npm, curl, rsync, make, cargo, ffmpeg, restic, pytest, docker and 50
others, also below a script), the bars and counts that any program prints where they prove to be
such, else how long it runs and its last line. ~/.config/headway/tools.toml may describe more.
Output, input, exit status and signals are CMD's own.

options:
  --name N        call the operation N (default: the script, or the program and what it works on)
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  --as TOOL       read the output as TOOL's, for a script that runs TOOL
  --no-parse      do not look at the output at all
  --fail-if LIM   end CMD, as `headway cancel` does, if it takes longer than LIM: 2x, twice what
                  it usually takes (from its second run with the same arguments on), or 90s, 10m,
                  1h30m. It has failed then, with exit status 124. Time in which it waits or is
                  paused does not count
  --label K=V     label the operation, as run=42: `headway ps --label run=42` finds it. May be
                  repeated
  --patch         report the bars of its Python programs instead; see `headway patch --help`.
                  HEADWAY_PATCH=1 does so for every `headway run`
  --sd-notify     read what it would tell systemd as a service (NOTIFY_SOCKET): STATUS= and the
                  progress of systemd's own tools. Not for what starts containers: they wait then
                  until the container says that it is ready
  -h, --help      show this

Several commands run at once where ::: stands between them and no -- before it; after -- every
word is the command's. Each line of their output begins with the command's name; they have no
input, nor a terminal to ask at: what wants a password fails, and is better run alone. Ctrl+C ends
all (SIGINT; what heeds that not has SIGTERM after 10 s), a second one at once by SIGTERM, a third
by SIGKILL. If this process is killed, they are ended, too (not with HEADWAY=off).
  -j N            run at most N at once (default: all; of a file, as many as there are CPUs)
  --file FILE     run the commands in FILE, one a line, - for standard input
  --output MODE   interleaved lines; grouped by command, at its end; quiet: of failures only

exit status of several: 0 all completed, 1 any failed, 130 any cancelled. Of one:
CMD's; 124 if it took longer than --fail-if allows; 1 if it succeeded and its output could not be
written; 126 if it cannot be run, 127 if there is no such command, 128+N if it died of signal N.

examples:
  headway run -- pip install -r requirements.txt
  headway run -- sudo apt-get install nginx
  headway run --name "Nightly build" -- make -j8
  headway run --as pip -- ./install.sh
  headway run --fail-if 2x -- ./backup.sh
  headway run npm install ::: pip install -r requirements.txt ::: make -j4
"""


class Options(NamedTuple):
    """The options of one call; `tool` is None to detect the tool, "" to parse nothing."""

    argv: list[str]
    name: str | None = None
    display: str | None = None
    tool: str | None = None
    limit: TimeLimit | None = None
    # Of one of several commands: the terminal to draw on, whose standard error is a pipe to their
    # coordinator, and what that calls the command.
    terminal: str | None = None
    called: str | None = None
    patched: bool = False  # its Python programs report their bars
    notifies: bool = False  # it is given a socket to tell what it would tell systemd
    labels: tuple[tuple[str, str], ...] = ()
    link: int | None = None  # of one of several commands: the pipe from their coordinator


_VALUED = (
    *("--name", "--display", "--as", "--fail-if"),
    *("--output", "--file", "-j", "--terminal", "--called", "--label", "--link"),
)


class UsageError(Exception):
    """The arguments are wrong; the text says why."""


def read_options(arguments: Sequence[str]) -> Options | CommandList:
    """Parse the arguments up to the command; raise UsageError where they are wrong."""
    values: dict[str, str] = {}
    labels: dict[str, str] = {}
    parse = True
    patched = os.environ.get("HEADWAY_PATCH", "0").lower() not in ("", "0", "off")
    notifies = False
    closed = False  # by `--`: what follows is one command
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word == "--":
            closed = True
            break
        if not word.startswith("-") or word == "-":
            at -= 1
            break
        option, given, value = word.partition("=")
        if option == "--no-parse" and not given:
            parse = False
            continue
        if option == "--patch" and not given:
            patched = True
            continue
        if option == "--sd-notify" and not given:
            notifies = True
            continue
        if option.startswith("-j") and len(word) > 2:
            option, given, value = "-j", "=", word[2:]
        if option not in _VALUED:
            raise UsageError(f"unknown option {option}{_meant(option)}")
        if not given:
            if at == len(arguments) or arguments[at] == "--":
                raise UsageError(f"{option} needs a value")
            value = arguments[at]
            at += 1
        if option == "--label":
            key, equals, words = value.partition("=")
            if not key or not equals:
                raise UsageError(f"--label takes KEY=VALUE, not {value}")
            labels[key] = words
        values[option] = value
    argv = list(arguments[at:])
    if values.get("--display", "auto") not in DISPLAYS:
        raise UsageError("--display takes one of " + ", ".join(DISPLAYS))
    tool = values.get("--as")
    if tool is not None:
        from headway.run.parsers.registry import PARSERS  # noqa: PLC0415 - rarely needed

        if tool not in PARSERS:
            from headway.lookup import alike  # noqa: PLC0415 - only a wrong word needs it

            close = alike(tool, PARSERS, 3)
            known = f"did you mean {' or '.join(close)}?" if close else "such as pip, make or rsync"
            raise UsageError(f"--as takes the name of a tool, and {tool} is none: {known}")
    limit = None
    if "--fail-if" in values:
        from headway.run.time_limit import TimeLimit  # noqa: PLC0415 - rarely needed

        try:
            limit = TimeLimit(values["--fail-if"])
        except ValueError as error:
            raise UsageError(f"--fail-if: {error}") from None
    if "--file" in values or (not closed and ":::" in argv):
        from headway.run.parallel.command_list import BadJob, read_several  # noqa: PLC0415 - rarely needed

        try:
            several = read_several(values, argv, parse, patched=patched, labels=labels)
        except BadJob as error:
            raise UsageError(str(error)) from None
        if several is not None:
            return several
    for option in ("-j", "--output"):
        if option in values:
            raise UsageError(f"{option} is for several commands")
    if not argv or not argv[0]:
        raise UsageError("no command was given")
    return Options(
        argv,
        values.get("--name"),
        values.get("--display"),
        # The output of patched programs has no bars, or those that are reported already.
        tool if parse and (tool or not patched) else "",
        limit,
        values.get("--terminal"),
        values.get("--called"),
        patched,
        notifies,
        tuple(labels.items()),
        int(values["--link"]) if values.get("--link", "").isdecimal() else None,
    )


def _meant(option: str) -> str:
    """Return "; did you mean --name?" of an option that there is not, or ""."""
    from headway.lookup import alike  # noqa: PLC0415 - only a wrong word needs it

    internal = ("--terminal", "--called", "--link")
    known = (*_VALUED, "--no-parse", "--patch", "--sd-notify", "--help")
    close = alike(option, (word for word in known if word not in internal))
    return f"; did you mean {close[0]}?" if close else ""


def program() -> NoReturn:
    """Run `headway run` with the arguments of this process, and exit.

    As `headway.commands.table.program` does, without what the command would wait for.
    """
    try:
        status = main(sys.argv[2:])
    except KeyboardInterrupt:
        status = 130
    leave(status)


def leave(status: int) -> NoReturn:
    """Deliver what is to be reported, and exit.

    Whoever waits for `headway run` waits for its command, which has ended: the interpreter is
    not finalized for it, which would take longer than all else that is left.
    """
    exits = sys.modules.get("headway.reporting.exits")
    if exits is not None:
        exits.end_program()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # it is closed, or full
    os._exit(status)


def main(arguments: Sequence[str]) -> int:
    """Run `headway run` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        from headway.host.terminfo import show_help  # noqa: PLC0415 - not for the command

        show_help(HELP)
        return 0
    try:
        options = read_options(arguments)
    except UsageError as error:
        return _fail(f"{error}; see `headway {own_verb()} --help`", 2)
    if not isinstance(options, Options):
        import headway_command  # noqa: PLC0415 - as below
        from headway.run.parallel.command_list import run_several  # noqa: PLC0415 - rarely needed

        headway_command.collect_garbage()
        return run_several(options)
    _die_of_interrupts()
    path = find_program(options.argv[0], os.environ.get("PATH", os.defpath))
    against = reason_against(options.argv[0], path)
    if path is None or against is not None:
        return _fail(*(against or ("", 127)))
    if options.terminal is not None:
        from headway.host.identity import draw_on  # noqa: PLC0415 - only of several

        draw_on(options.terminal)
    if options.link is not None:
        os.set_inheritable(options.link, False)  # it is not the command's
    off = os.environ.get("HEADWAY", "").lower() == "off" and options.limit is None
    if off or _runs_another(options):
        return _become(path, options)
    return hint_at_separator(options.argv, _run(options, path))


def hint_at_separator(argv: list[str], code: int) -> int:
    """Say where ::: may have been meant to separate commands; return the exit status."""
    if code in (2, 127) and ":::" in argv:
        print_error(
            "after -- every word is the command's, ::: too; without -- it separates commands"
        )
    return code


def _runs_another(options: Options) -> bool:
    """Return whether the command is `headway run`, which reports its own command, and no more."""
    program = options.argv[0].rpartition("/")[2]
    plain = options == Options(options.argv)
    return plain and program == "headway" and options.argv[1:2] == ["run"]


def _run(options: Options, path: str) -> int:
    from headway.run.supervision.launch import Unfollowed, reason_of  # noqa: PLC0415

    launch: Launch | None = None
    try:
        launch = _prepare(options, path)
        launch.release()
    except CannotStart as error:
        return 126 if launch is None else launch.report_start_failure(error)
    except Unfollowed as error:
        print_error(f"{error}, it goes on without progress")
        return 1 if launch is None else launch.wait_unreported()
    except Exception as error:
        # No descriptors, no processes, no memory: nothing of it is the command's fault.
        print_error(f"{reason_of(error)}, running it without progress")
        if launch is not None:
            launch.abandon()
            launch.signals.restore()
        return _become(path, options)
    try:
        code, heard = _follow_briefly(launch)
        return _follow(launch, heard) if code is None else code
    finally:
        launch.release_terminal()


def _die_of_interrupts() -> None:
    """Restore the default of SIGINT until the command runs: ^C then ends us without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _prepare(options: Options, path: str) -> Launch:
    """Prepare to start the command."""
    from headway.run.supervision.launch import prepare_launch  # noqa: PLC0415 - not where it is off
    from headway.run.supervision.plan import Plan  # noqa: PLC0415 - as above

    plan = Plan(options.argv, path, options.name, options.display, options.tool)
    plan.called = options.called
    plan.labels = dict(options.labels)
    plan.limit = options.limit
    plan.patched = options.patched
    plan.notifies = options.notifies
    plan.link = options.link
    return prepare_launch(plan)


def _follow_briefly(launch: Launch) -> tuple[int | None, ReceivedSignal | None]:
    """Return the exit status of a command that has ended and is reported; else any signal."""
    try:
        # The command need not wait for it.
        from headway.run.supervision.short_command import ShortCommand  # noqa: PLC0415

        short = ShortCommand(launch, os.environ)
    except Exception:  # such as of a command that removes our files
        return None, None
    return short.run() if short.is_possible else None, short.heard


def _follow(launch: Launch, heard: ReceivedSignal | None) -> int:
    launch.relay_signals()
    launch.watch_end()
    launch.report()
    launch.await_greeting()
    try:
        # The command need not wait for it; the descriptors of its gate are free to load it by.
        from headway.run.supervision.runner import Runner  # noqa: PLC0415

        runner = Runner(launch, heard)
    except Exception as error:  # such as of a command that removes our files
        print_error(f"{error}, it goes on without progress")
        return launch.wait_unreported()
    return runner.run()


def _become(path: str, options: Options) -> int:
    """Replace this process by the command, where there is nothing to report."""
    argv = options.argv
    if options.link is not None:
        from headway.run.process.controlling_terminal import give_up_terminal  # noqa: PLC0415 - only of several

        give_up_terminal()
    restore_default_signals()
    try:
        execute(path, argv, os.environb)
    except OSError as error:
        code = 127 if error.errno == errno.ENOENT else 126
        return _fail(f"{argv[0]}: {error.strerror}", code)


def _fail(text: str, code: int) -> int:
    print_error(text)
    return code
