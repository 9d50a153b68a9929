"""The command `headway`, which starts the command of `headway run` before all else is imported.

Importing the package imports the whole of the API that a reporting program calls. `headway run`
needs that only once its command runs, and a person waits for its first line: the package is put
in place unexecuted, and `complete` executes it later. Modules inside it import each other as
ever.
"""

from __future__ import annotations

# Built in, and unknown to type checkers; `signal` would import `enum` first.
import _signal  # pyright: ignore[reportMissingImports]
import gc
import sys


def die_of_interrupts() -> None:
    """Restore the default of SIGINT: ^C while we import then ends us as it would the command."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


if sys.argv[:1] and sys.argv[0].rpartition("/")[2] == "headway":  # no program that imports us
    die_of_interrupts()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

# Bytes of a compiled file that are read, at once; a larger one is imported as ever.
SIZE_LIMIT = 1 << 16


def program() -> NoReturn:
    """Run the command `headway` with the arguments of this process, and exit."""
    die_of_interrupts()
    if sys.argv[1:2] in (["run"], ["patch"]):
        gc.disable()  # nothing of what is imported is garbage
        postpone("headway")
        find_compiled("headway")
    if sys.argv[1:2] == ["run"] and sys.argv[2:3] not in (["-h"], ["--help"]):
        from headway.run.commands.cli import program as run  # noqa: PLC0415 - only after that
    else:
        from headway.commands.table import program as run  # noqa: PLC0415

        if sys.argv[1:2] != ["patch"] and _signal.getsignal(_signal.SIGINT) is _signal.SIG_DFL:
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)  # it knows how to end

    run()


def collect_garbage() -> None:
    """Enable the collector that `program` has disabled; it leaves alone what has been imported.

    Its runs amid the imports were a tenth of what a short command cost.
    """
    gc.freeze()
    gc.enable()


def postpone(name: str) -> None:
    """Put a package in place of which nothing has been executed."""
    # Frozen, and imported by every start; `importlib.machinery` is a file.
    import _frozen_importlib_external as machinery  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    spec = machinery.PathFinder.find_spec(name)
    if spec is None or spec.loader is None or name in sys.modules:
        return
    package = type(sys)(name)
    package.__spec__ = spec
    package.__path__ = spec.submodule_search_locations or []
    package.__package__, package.__loader__, package.__file__ = name, spec.loader, spec.origin
    package.complete = spec.loader.exec_module  # type: ignore[attr-defined]
    sys.modules[name] = package


def complete(name: str) -> None:
    """Execute a package that was postponed; any other is left as it is."""
    package = sys.modules[name]
    execute = package.__dict__.pop("complete", None)
    if execute is not None:
        execute(package)


def find_compiled(name: str) -> None:
    """Import the modules of a package straight from their compiled files, where those are current.

    A module of ours is where its name says. Python's own finder lists each folder, looks whether
    that has changed, and tries several names for a module: a third of what an import costs.
    Whatever is otherwise than after a plain installation is left to it.
    """
    import _frozen_importlib_external as machinery  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    usual = sys.pycache_prefix is None and not sys.flags.optimize and sys.implementation.cache_tag
    if usual and "posix" in sys.builtin_module_names and machinery.PathFinder in sys.meta_path:
        at = sys.meta_path.index(machinery.PathFinder)
        sys.meta_path.insert(at, _compiled_finder(name + ".", machinery))


def _compiled_finder(start: str, machinery: Any) -> Any:
    """Return a finder of the modules whose names begin with `start`."""
    import _frozen_importlib as bootstrap  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
    import marshal  # noqa: PLC0415 - built in
    import posix  # noqa: PLC0415 - built in

    ending = f".{sys.implementation.cache_tag}.pyc"
    head = machinery.MAGIC_NUMBER + bytes(4)  # it knows its source by time and size

    class Loader(machinery.SourceFileLoader):  # type: ignore[misc]
        """Loads the code that the finder has read."""

        code: Any = None

        def get_code(self, fullname: str) -> Any:
            code, self.code = self.code, None
            return super().get_code(fullname) if code is None else code

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG004
            if path is None or not name.startswith(start):
                return None
            folder, last = path[0], name.rpartition(".")[2]
            return read(name, folder, last) or read(name, f"{folder}/{last}", "__init__")

    def read(name: str, folder: str, last: str) -> Any:
        source, compiled = f"{folder}/{last}.py", f"{folder}/__pycache__/{last}{ending}"
        try:
            about = posix.stat(source)
            descriptor = posix.open(compiled, posix.O_RDONLY | posix.O_CLOEXEC)
            try:
                data = posix.read(descriptor, SIZE_LIMIT)
            finally:
                posix.close(descriptor)
            known = (int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF)
            if data[:16] != head + b"".join(number.to_bytes(4, "little") for number in known):
                return None
            loader = Loader(name, source)
            loader.code = marshal.loads(data[16:])  # noqa: S302 - as Python does
        except (OSError, ValueError, EOFError, TypeError):
            return None
        spec = bootstrap.ModuleSpec(name, loader, origin=source, is_package=last == "__init__")
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        spec.cached, spec.has_location = compiled, True
        return spec

    return Finder
