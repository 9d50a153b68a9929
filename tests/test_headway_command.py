from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from importlib.util import cache_from_source

import pytest

import headway_command

AFTER = """
import sys, headway_command
headway_command.postpone("headway")
import headway.run.commands.cli
before = "headway.api.operation" in sys.modules
headway_command.complete("headway")
import headway
print(before, headway.operation.__name__, headway.__version__ == "", headway.__spec__.name)
"""


def test_a_postponed_package_gives_its_modules_at_once_and_its_names_later():
    done = subprocess.run(
        [sys.executable, "-c", AFTER], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False operation False headway\n", "")


def test_a_package_that_is_there_already_is_left_as_it_is():
    import headway

    before = headway.operation
    headway_command.postpone("headway")
    headway_command.complete("headway")
    assert sys.modules["headway"] is headway
    assert headway.operation is before


def test_a_package_that_is_nowhere_is_not_put_in_place():
    headway_command.postpone("headway_nowhere")
    assert "headway_nowhere" not in sys.modules
    with pytest.raises(KeyError):
        headway_command.complete("headway_nowhere")


FOUND = """
import sys, inspect, headway_command
sys.path.insert(0, {place!r})
headway_command.find_compiled("sample")
import sample.inner.module as module
spec = module.__spec__
print(module.VALUE, type(spec.loader).__qualname__.split(".")[0])
print(module.__file__ == inspect.getsourcefile(module) == spec.origin, spec.cached, spec.parent)
print(inspect.getsource(module.double).strip())
"""


@pytest.fixture
def sample(tmp_path):
    """A package with a module in a folder, and what imports it."""
    inner = tmp_path / "sample" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "sample" / "__init__.py").write_text("")
    (inner / "__init__.py").write_text("")
    module = inner / "module.py"
    module.write_text("VALUE = 1\ndef double(x): return 2 * x\n")

    def imported(*flags, **variables):
        environ = {**os.environ, **variables}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        script = FOUND.format(place=str(tmp_path))
        done = subprocess.run(
            [sys.executable, *flags, "-c", script],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return module, imported


def test_what_is_compiled_is_imported_from_there_as_ever(sample):
    module, imported = sample
    first, found = imported(), imported()
    assert first[0] == "1 SourceFileLoader"
    assert found[0] == "1 _compiled_finder"
    assert found[1:] == first[1:]
    assert found[1] == f"True {cache_from_source(str(module))} sample.inner"
    assert found[2] == "def double(x): return 2 * x"


def test_a_source_that_was_changed_since_is_compiled_again(sample):
    module, imported = sample
    imported()
    module.write_text("VALUE = 22\ndef double(x): return x + x\n")
    assert imported()[0] == "22 SourceFileLoader"
    assert imported()[0] == "22 _compiled_finder"


def test_a_file_that_another_python_has_compiled_is_compiled_again(sample):
    module, imported = sample
    imported()
    compiled = pathlib.Path(cache_from_source(str(module)))
    compiled.write_bytes(b"1234" + compiled.read_bytes()[4:])
    assert imported()[0] == "1 SourceFileLoader"


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_other_compiled_files_are_left_to_python(sample, flag):
    _, imported = sample
    imported(flag)
    assert imported(flag)[0] == "1 SourceFileLoader"


# Stops where the first import of a module of the package begins, and interrupts itself there.
INTERRUPTED = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("headway."):
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, {before})
import headway_command
sys.meta_path.insert(0, Interrupt())
sys.argv = ["headway", "run", "echo", "ran"]
headway_command.program()
"""


def interrupted(before):
    script = INTERRUPTED.format(before=before)
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "HEADWAY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interrupt_during_the_imports_of_run_ends_it_without_a_traceback():
    done = interrupted("signal.default_int_handler")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_an_interrupt_that_the_starter_ignores_is_ignored_during_the_imports_of_run():
    done = interrupted("signal.SIG_IGN")
    assert (done.returncode, done.stdout) == (0, "ran\n")


# As the script of an installed command begins; what its module imports first is interrupted.
FIRST_LINE = """
import os, signal, sys
sys.argv = ["/usr/bin/headway", {command!r}]
import headway_command
os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("command", ["run", "ps"])
def test_an_interrupt_of_the_command_before_it_has_begun_ends_it_without_a_traceback(command):
    done = subprocess.run(
        [sys.executable, "-c", FIRST_LINE.format(command=command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_imports_its_module_keeps_its_interrupts():
    script = "import signal, headway_command; assert callable(signal.getsignal(signal.SIGINT))"
    script += "; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
