"""`headway pipe`: the lines of a shell script, or with `--tqdm` tqdm's command line."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run `headway pipe` with these arguments; return the exit status."""
    if arguments[:1] == ["--tqdm"]:
        from headway.adapters.tqdm import cli  # noqa: PLC0415 - it imports tqdm

        return cli.main(arguments[1:])
    from headway.run.commands import pipe  # noqa: PLC0415 - not for tqdm's

    return pipe.main(arguments)
