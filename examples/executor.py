"""Commands run by an executor, a stage each, as an installer has them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from typing import NamedTuple

from progress_tracker import ProgressTracker


class Result(NamedTuple):
    """What came of a command."""

    status: int
    stderr: str

    @property
    def failed(self) -> bool:
        """It did not exit with 0."""
        return self.status != 0


class Executor:
    """Runs commands without a shell, in a folder of their own."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    async def execute(self, *command: str) -> Result:
        """Run `command` to its end."""
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _out, complaint = await process.communicate()
        return Result(process.returncode or 0, complaint.decode(errors="replace").strip())


async def install(package: str, folder: str) -> bool:
    """Make an environment and compile a package of the standard library in it."""
    tracker = ProgressTracker(f"Installing {package}")
    executor = Executor(folder)
    python = sys.executable
    steps = [
        ("Make an environment", (python, "-m", "venv", "--without-pip", "env")),
        (f"Copy {package}", (python, "-c", _COPY, package)),
        (f"Compile {package}", ("env/bin/python", "-m", "compileall", "-q", package)),
    ]
    stages = [tracker.add_stage(name) for name, _command in steps]
    tracker.start()
    tracker.setup_cancellation_handler()
    try:
        for stage, (_name, command) in zip(stages, steps):
            tracker.start_stage(stage)
            tracker.display_progress()
            result = await executor.execute(*command)
            if result.failed:
                tracker.complete_stage(stage, error=result.stderr)
                tracker.complete(success=False)
                return False
            tracker.complete_stage(stage)
        tracker.complete(success=True)
    except KeyboardInterrupt:
        tracker.cancel()
    return not tracker.cancelled


_COPY = """
import importlib, os, shutil, sys
module = importlib.import_module(sys.argv[1])
shutil.copytree(os.path.dirname(module.__file__), sys.argv[1])
"""

if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else "json"
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if asyncio.run(install(name, folder)) else 1)
