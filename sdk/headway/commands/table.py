"""The command table: each verb's function, imported only when the verb is used."""

from __future__ import annotations

import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, NoReturn, Sequence

# verb -> (module:function, what it does). The function takes the arguments after the verb
# and returns the exit status.
VERBS = {
    "run": ("headway.run.commands.cli:main", "run a command and report its progress"),
    "patch": ("headway.run.commands.patch_cli:main", "run Python programs and report their bars"),
    "attach": ("headway.run.commands.attach:main", "report a process that runs already"),
    "view": ("headway_viewer.commands.view:view", "follow what goes on, live or as lines"),
    "top": ("headway_viewer.top.cli:main", "show the operations on the whole screen"),
    "ps": ("headway_viewer.commands.ps:ps", "list the operations there are"),
    "logs": ("headway_viewer.commands.logs:logs", "print what a command printed"),
    "wait": ("headway_viewer.commands.wait:wait", "wait for operations to end"),
    "cancel": ("headway_viewer.commands.control.cancel:cancel", "ask an operation to end"),
    "pause": ("headway_viewer.commands.control.pause:pause", "stop a command until it is resumed"),
    "resume": ("headway_viewer.commands.control.pause:resume", "let a paused command go on"),
    "notify": ("headway_viewer.commands.notify:notify", "tell when operations end or need you"),
    "uplink": (
        "headway_viewer.commands.uplink:uplink",
        "tell the server of a fleet what goes on here",
    ),
    "metrics": ("headway_viewer.metrics.cli:main", "serve metrics to Prometheus"),
    "otel": ("headway_viewer.otel.cli:main", "tell OpenTelemetry of what ends"),
    "web": ("headway_viewer.web.cli:main", "show the operations in a browser"),
    "mcp": ("headway_viewer.mcp.cli:main", "let coding agents look and wait, over MCP"),
    "pipe": ("headway.commands.pipe:main", "report progress from a shell script, by lines"),
    "shell": ("headway.commands.shell:main", "print functions that report from a shell"),
    "pv": ("headway.run.commands.meter:main", "copy a pipe and report the bytes that pass"),
    "history": ("headway_broker.commands.history:main", "show what is remembered, or forget it"),
    "why": ("headway_broker.commands.why:main", "tell why an operation takes, or took, so long"),
    "record": ("headway_viewer.commands.record:record", "write all that happens to a file"),
    "replay": ("headway_viewer.commands.replay:main", "show a recorded file again"),
    "broker": ("headway_broker.commands.broker:main", "run, look at or stop the broker"),
    "keys": ("headway_broker.commands.keys:main", "say who may connect over a network"),
    "over-ssh": ("headway.commands.over_ssh:main", "run a command elsewhere that is seen here"),
    "doctor": ("headway.commands.doctor:main", "find out why something is not seen"),
    "uninstall": ("headway_viewer.commands.uninstall:uninstall", "remove what headway has made"),
    "completion": ("headway.commands.completion:main", "print completions for bash, zsh or fish"),
}
USAGE = 2
UNWRITTEN = 74  # EX_IOERR of sysexits.h: no status of any verb
_EXAMPLES = """\
examples:
  headway run -- pip install numpy     report a command; its output and exit status stay
  headway view                         in any other terminal: everything that goes on
  headway cancel "pip install numpy"   ask it to end
  headway help COMMAND                 what a command takes
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `headway ARGV…` and return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = arguments[0] if arguments else "--help"
    if verb == "help" and len(arguments) > 1:
        verb, arguments = arguments[1], [arguments[1], "--help"]
    if verb not in ("run", "patch", "pipe", "pv"):  # these hand on what they were given as it is
        from headway.commands.standard_streams import open_closed_streams  # noqa: PLC0415 - not for `run`

        open_closed_streams()
    if verb in ("--help", "-h", "help"):
        from headway.formatting.help_text import fold  # noqa: PLC0415 - only the help needs it
        from headway.host.terminfo import columns  # noqa: PLC0415 - as above

        return _say(fold(_help(), columns()))
    if verb in ("--version", "-V"):
        from headway import __version__  # noqa: PLC0415 - `run` imports the package later

        return _say(f"headway {__version__}\n")
    if verb not in VERBS:
        return _unknown(verb)
    try:
        function = load(verb)
        if function is None:
            sys.stderr.write(f"headway {verb}: this version of headway does not have it yet\n")
            return USAGE
        try:
            return int(function(arguments[1:]) or 0)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _silence()
    except OSError as error:
        from headway.commands.standard_streams import has_no_room  # noqa: PLC0415 - only here

        if not has_no_room(error):
            raise
        return _unwritten(verb, error)


def program() -> NoReturn:
    """Run the command `headway` with the arguments of this process, and exit."""
    status = main()
    if sys.argv[1:2] in (["run"], ["patch"]):
        from headway.run.commands.cli import leave  # noqa: PLC0415 - only here

        leave(status)
    sys.exit(status)


def load(verb: str) -> Callable[[list[str]], int] | None:
    """Return the function of a verb; None where its module is not part of this version."""
    name, _, function = VERBS[verb][0].partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Only the verb's own module may be missing: anything else is to be seen.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        return None
    found: Callable[[list[str]], int] = getattr(module, function)
    return found


def _help() -> str:
    width = max(map(len, VERBS))
    lines = [
        f"  {verb:<{width}}  {about}"
        for verb, (function, about) in VERBS.items()
        if _is_there(function.partition(":")[0])
    ]
    return "\n".join(
        [
            "usage: headway COMMAND …",
            "",
            "The progress of everything that runs on this machine, in one place.",
            "",
            "commands:",
            *lines,
            "",
            _EXAMPLES,
        ]
    )


def _is_there(module: str) -> bool:
    """Return whether this version has a module; only its packages are imported for that."""
    from importlib.util import find_spec  # noqa: PLC0415 - only the help needs it

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _unknown(verb: str) -> int:
    from headway.lookup import alike  # noqa: PLC0415 - only a wrong word needs it

    close = alike(verb, (*VERBS, "help"))
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if verb in ("retry", "rerun", "again"):
        hint = "; `hw_retry` runs what failed again: see `headway shell --help`"
    shown = verb.encode("ascii", "backslashreplace").decode("ascii")
    shown = "".join(char if char.isprintable() else "?" for char in shown)
    sys.stderr.write(f"headway: there is no command {shown!r}{hint}\n")
    sys.stderr.write("`headway --help` lists the commands.\n")
    return USAGE


def _say(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return _silence()
    except OSError as error:
        return _unwritten("", error)
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "replace").decode("ascii"))
    return 0


def _unwritten(verb: str, error: OSError) -> int:
    """Say that standard output takes nothing; return the exit status."""
    _silence()
    try:
        sys.stderr.write(f"headway {verb}".rstrip())
        sys.stderr.write(f": its output could not be written: {error.strerror}\n")
    except OSError:
        pass  # the status has to do
    return UNWRITTEN


def _silence() -> int:
    from headway.commands.standard_streams import silence_stdout  # noqa: PLC0415 - only here

    return silence_stdout()


if __name__ == "__main__":
    program()
