"""`python -m headway_broker`: the same as `headway broker`."""

import sys

from headway_broker.commands.broker import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
