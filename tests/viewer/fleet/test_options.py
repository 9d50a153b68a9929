import subprocess
import sys

COMMANDS = """
import sys
from headway_viewer.commands import logs, notify, ps, view, wait
from headway_viewer.commands.control import cancel, pause
print([name for name in ("asyncio", "ssl", "nats") if name in sys.modules])
"""


def test_who_looks_at_one_machine_loads_nothing_of_what_a_fleet_needs():
    loaded = subprocess.run(
        [sys.executable, "-c", COMMANDS], capture_output=True, text=True, timeout=60, check=False
    )
    assert loaded.stdout.strip() == "[]", loaded.stderr
