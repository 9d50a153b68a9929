"""Send malformed and mutated frames; report whatever raised, hung, grew or harmed a valid peer."""

from __future__ import annotations

import argparse
import sys

from fuzzing import broker_core, live_broker


def main(argv: list[str]) -> int:
    """Return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument(
        "--frames", type=int, default=1_000_000, help="for codec and core (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="against a live broker (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    found = broker_core.run(options.frames, options.seed)
    if options.seconds:
        found += live_broker.run(options.seconds, options.seed)
    for line in found:
        print(f"fuzz: {line}")
    print(f"fuzz: {'FAILED' if found else 'nothing was harmed'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
