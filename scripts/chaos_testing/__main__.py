"""Run workers and viewers, inject faults, and compare what is shown with the workers' journals."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from chaos_testing.experiment import Experiment
from chaos_testing.report import report
from chaos_testing.sandbox import ChaosSandbox


def parse(argv: list[str]) -> Any:
    """Parse the arguments of `scripts/chaos`."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=24, help="at a time (%(default)s)")
    parser.add_argument("--viewers", type=int, default=8, help="at a time (%(default)s)")
    parser.add_argument("--rate", type=float, default=3.0, help="faults a second (%(default)s)")
    parser.add_argument(
        "--stops",
        type=float,
        default=0.25,
        help="the share of exits that are stopped (%(default)s)",
    )
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only faults with such a name")
    parser.add_argument("--keep", action="store_true", help="keep the files of the experiment")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Return 1 if a final state was lost or false, 2 where there is no Linux."""
    options = parse(argv)
    if not sys.platform.startswith("linux"):
        print("chaos: needs Linux")
        return 2
    with ChaosSandbox(keep=options.keep, stops=options.stops) as sandbox:
        experiment = Experiment(sandbox, options)
        try:
            experiment.run()
            status = report(experiment)
        finally:
            experiment.observer.close()
    if options.keep:
        print(f"kept in {sandbox.directory}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
