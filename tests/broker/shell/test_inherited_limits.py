"""What a broker inherits of the program that started it."""

import json
import os
import resource
import subprocess
import sys

PROGRAM = """
import json, os, resource
from headway_broker.shell.inherited_limits import forget_starter
forget_starter()
print(json.dumps([sorted(os.sched_getaffinity(0)), resource.getrlimit(resource.RLIMIT_FSIZE)]))
"""


def test_processors_and_soft_limits_are_its_own():
    def limit():
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    own = [sorted(os.sched_getaffinity(0)), [resource.getrlimit(resource.RLIMIT_FSIZE)[1]] * 2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == own
