"""`headway patch`: `headway run --patch`, under a name of its own."""

from __future__ import annotations

from headway.run.commands.cli import main as run
from headway.run.stderr import print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

USAGE = "usage: headway patch [--name N] [--display MODE] -- CMD [ARG…]"
HELP = f"""{USAGE}

Run CMD as `headway run` does, and report the bars of the Python programs in it, which need not be
changed: tqdm, rich.progress and alive-progress, in CMD and in its child processes. Each bar is a
stage, and one inside another a part of it. The Pythons need have nothing of Headway. Where Headway
draws on the terminal the bars do not; elsewhere output, exit status and results are CMD's own.

Not reported are bars of a Python started with -I, -E or -S, with an environment emptied by env -i,
with another account's rights (setuid), or older than 3.8. A program of another language may write
the lines of `headway pipe` to the Unix socket in HEADWAY_BARS.

options:
  --name N        call the operation N (default: the script)
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  -h, --help      show this

exit status: CMD's, as of `headway run`.

examples:
  headway patch -- python train.py
  headway patch -- pytest -n 4
"""


def main(arguments: Sequence[str]) -> int:
    """Run `headway patch` with these arguments; return the exit status."""
    if list(arguments[:1]) in (["-h"], ["--help"]):
        from headway.host.terminfo import show_help  # noqa: PLC0415 - not for the command

        show_help(HELP)
        return 0
    if not arguments:
        print_error("no command was given; see `headway patch --help`", "patch")
        return 2
    return run(["--patch", *arguments])
