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
    with open("/proc/self/status") as file:
        capable = int(file.read().partition("CapEff:")[2].split()[0], 16) >> 24 & 1  # SYS_RESOURCE
    hard = 1 << 20 if capable else resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    most = resource.RLIM_INFINITY if capable else hard  # who may lift a hard limit does

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    own = [sorted(os.sched_getaffinity(0)), [most] * 2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == own
