"""The import contracts notice what they are there for; what they cannot say is looked for here."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {
    "headway": "sdk",
    "headway_broker": "broker",
    "headway_viewer": "viewer",
    "headway_patch": "sdk",
    "progress_tracker": "sdk",
}
WINGS = ("sdk", "broker", "viewer")

PLAIN = "import {}\n"
IN_A_FUNCTION = "def _late():\n    import {}\n"
FOR_TYPES = "if TYPE_CHECKING:\n    import {}\n"
FORBIDDEN = [
    ("headway.model", "time", PLAIN),
    ("headway.estimate.forecast", "random", PLAIN),
    ("headway.protocol.wire", "socket", PLAIN),
    ("headway.reporting.publisher", "threading", PLAIN),
    ("headway.run.parsers.packages.apt", "subprocess", IN_A_FUNCTION),
    ("headway_broker.core", "zmq", PLAIN),
    ("headway_broker.state.ledger", "os", FOR_TYPES),
    ("headway_broker.storage.policy", "sqlite3", PLAIN),
    ("headway_viewer.replica.replica", "datetime", PLAIN),
    ("headway_viewer.picture.view", "_thread", IN_A_FUNCTION),
]
UPWARD = [
    (
        "headway_broker.state.ledger",
        "headway_broker.shell.processes",
        PLAIN,
        "Layers of the broker",
    ),
    (
        "headway_viewer.formatting",
        "headway_viewer.replica.replica",
        FOR_TYPES,
        "Layers of the viewer",
    ),
    ("headway.host.threads", "headway.reporting.reporter", IN_A_FUNCTION, "Layers of the sdk"),
    ("headway.host.notebook", "headway.host.files.secret_key", PLAIN, "Layers of the host"),
    ("headway.api.outcomes.outcome", "headway.api.track", FOR_TYPES, "Layers of the api"),
    ("headway.reporting.loop_exits", "headway.reporting.thread", PLAIN, "Layers of reporting"),
    (
        "headway.run.progress.stage_target",
        "headway.run.supervision.launch",
        IN_A_FUNCTION,
        "Layers of headway run",
    ),
    (
        "headway_broker.peers.counts.merged_counts",
        "headway_broker.peers.endings",
        PLAIN,
        "Layers of the broker's peers",
    ),
    (
        "headway_viewer.commands.listing.filters",
        "headway_viewer.commands.follow",
        PLAIN,
        "Layers of the viewer's commands",
    ),
    (
        "headway_viewer.picture.board",
        "headway_broker.state.ledger",
        PLAIN,
        "Layers of the distribution",
    ),
    ("headway.commands.table", "progress_tracker", IN_A_FUNCTION, "Layers of the distribution"),
    ("headway.model", "headway.text", PLAIN, "The model, the estimate, text and interning stand"),
    ("headway.protocol.wire", "headway.interning", PLAIN, "The protocol stands on the model"),
]
CORES = "Cores decide, shells do"

# What cores import but cores: these compute. A list of what is forbidden has always forgotten one
# (`timeit` has a clock, `linecache` reads files).
COMPUTING = set(
    re.findall(
        r"\w+",
        """
        __future__ typing re math statistics collections _collections bisect array codecs itertools
        functools operator _operator struct enum json hmac hashlib _blake2 unicodedata difflib
        shlex msgpack
        """,
    )
)
# Modules that have more than that, and cores that import them all the same: the numbers and names
# of signals, which are constants; the parser of a tool, by its name; the type of a scope.
EXCEPTIONS = {
    ("headway.run.exit_status", "_signal"),
    ("headway.run.exit_status", "signal"),
    ("headway.run.parallel.endings", "signal"),
    ("headway.run.process.escalation", "signal"),
    ("headway.run.parsers.registry", "importlib"),
    ("headway.reporting.tally", "headway.host.propagation"),
}
# What cores name of a module that opens files, too.
CODECS = {"encode", "getincrementaldecoder"}
# The class of a tuple is compiled with the names of its fields.
BUILTIN_EXCEPTIONS = {("headway.light_typing", "eval")}


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    """What the contracts say of a copy of the packages with all of these imports in it."""
    root = tmp_path_factory.mktemp("walls")
    for wing in WINGS:
        shutil.copytree(ROOT / wing, root / wing, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for importer, imported, how, *_ in [*FORBIDDEN, *UPWARD]:
        with path_of(importer, root).open("a") as file:
            file.write(how.format(imported))
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env={
            **os.environ,
            "COLUMNS": "300",
            "PYTHONPATH": os.pathsep.join(str(root / wing) for wing in WINGS),
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize(("importer", "imported"), [some[:2] for some in FORBIDDEN])
def test_a_forbidden_import_in_a_core_breaks_its_contract(verdict, importer, imported):
    assert verdict.returncode == 1
    assert re.search(rf"- +{importer} -> {imported} \(l\.\d+\)", broken(verdict, CORES))


@pytest.mark.parametrize(("importer", "imported", "how", "name"), UPWARD)
def test_an_upward_import_breaks_a_contract(verdict, importer, imported, how, name):
    del how
    assert re.search(rf"- +{importer} -> {imported} \(l\.\d+\)", broken(verdict, name))


def test_a_core_that_reaches_the_system_by_way_of_a_shell_breaks_its_contract(verdict):
    core, shell, *_ = UPWARD[0]
    way = rf"- +{core} -> {shell} \(l\.\d+\)\n +{shell} -> os \(l\.\d+\)"
    assert re.search(way, broken(verdict, CORES))


def test_every_module_that_says_it_is_pure_is_held_to_it():
    cores = contract(CORES)["source_modules"]
    claims = [
        module
        for module in modules()
        if re.search(r"(^|[.;:] )[Pp]ure[.:,]|[;:] pure[.,]", docstring(module), re.MULTILINE)
    ]
    assert len(claims) > 30
    assert [module for module in claims if not within(module, cores)] == []


def test_no_core_opens_a_file_prints_or_reads_the_terminal():
    found = {(core, name) for core, path in cores() for name in builtins_named(path.read_text())}
    assert found == BUILTIN_EXCEPTIONS


def test_cores_import_cores_and_what_computes():
    held = dict(cores())
    assert len(held) > 100
    found = {
        (core, name)
        for core, path in held.items()
        for name in imports_named(path.read_text())
        if name not in held and name not in COMPUTING
    }
    assert found == EXCEPTIONS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from timeit import default_timer", {"timeit"}),
        ("def late():\n    import linecache\n    return linecache.getline(path, 1)", {"linecache"}),
        ("import codecs\ncodecs.open(path)", {"codecs.open"}),
        ("import codecs as c\nc.open(path)", {"codecs.open"}),
        ("from codecs import open as look", {"codecs.open"}),
        ("import importlib\nimportlib.import_module('time')", {"importlib"}),
        ("import os.path", {"os.path"}),
        ("from headway.host import random_id", {"headway.host.random_id"}),
        ("from headway.host.random_id import random_id", {"headway.host.random_id"}),
        ("from . import reporter", {"."}),
        ("import statistics\nstatistics.random.random()", {"statistics.random"}),
        ("def late():\n    import re as r\n    r.enum.sys.exit()", {"re.enum"}),
        ("from statistics import random", {"statistics.random"}),
        ("import re, json\nfrom codecs import encode\nre.compile('')", set()),
    ],
)
def test_an_import_that_a_core_must_not_have_is_found(source, found):
    assert imports_named(source) - COMPUTING == found


@pytest.mark.parametrize(
    "call",
    [
        "open(path)",
        "input()",
        "print(1)",
        "list(map(open, paths))",
        "__import__('time').time()",
        "eval(text)",
        "exec(text)",
        "globals()['os']",
    ],
)
def test_a_core_that_would_open_print_or_read_is_found(call):
    assert len(builtins_named(f"def late():\n    return {call}\n")) == 1


@pytest.mark.parametrize("package", ["headway", "headway_broker", "headway_viewer"])
def test_every_module_is_in_one_layer_of_its_package(package):
    title = {"headway": "sdk"}.get(package, package.removeprefix("headway_"))
    layers = contract(f"Layers of the {title}")["layers"]
    members = [member for layer in layers for member in re.split(r"\s*[|:]\s*", layer)]
    outside = [module for module in modules(package) if not within(module, members)]
    assert outside == []


@pytest.mark.parametrize(
    "package", ["headway", "headway_broker", "headway_patch", "headway_viewer", "progress_tracker"]
)
def test_no_module_is_imported_by_what_it_imports(package):
    assert circle(package) == []


def test_no_folder_has_more_than_15_modules():
    members = {}
    for module in modules():
        folder, _, name = module.rpartition(".")
        members.setdefault(folder, []).append(name)
    assert len(members) > 30
    assert {folder: names for folder, names in members.items() if len(names) > 15} == {}


def test_a_circle_by_imports_for_types_and_in_functions_is_found(tmp_path, monkeypatch):
    package = tmp_path / "looped"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from looped.two import Two\n"
    )
    (package / "two.py").write_text("def late():\n    from looped import one\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(circle("looped")) == {"looped.one", "looped.two"}


def broken(verdict, name):
    """What is said of one broken contract: its title is underlined."""
    parts = re.split(r"^(.+)\n-+\n", verdict.stdout, flags=re.MULTILINE)
    return next(parts[at + 1] for at in range(1, len(parts), 2) if parts[at].startswith(name))


def circle(package):
    """The modules of a circle of imports inside a package, or none."""
    import graphlib
    import grimp

    graph = grimp.build_graph(package, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def contract(name):
    from importlinter import api

    contracts = api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    return next(contract for contract in contracts if contract["name"] == name)


def modules(*packages):
    """The modules of these packages (of all): no `__init__`, which is a door, and no `__main__`."""
    for package in packages or PACKAGES:
        wing = ROOT / PACKAGES[package]
        for file in sorted((wing / package).rglob("*.py")):
            if not file.stem.startswith("__"):
                yield ".".join(file.relative_to(wing).with_suffix("").parts)


def cores():
    """The name and the file of each core, and of each package that is one as a whole."""
    held = contract(CORES)["source_modules"]
    for package, wing in PACKAGES.items():
        for file in sorted((ROOT / wing / package).rglob("*.py")):
            parts = file.relative_to(ROOT / wing).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if within(name, held):
                yield name, file


def imports_named(source):
    """The modules that are imported, and what of those that compute leads elsewhere.

    That is what of `codecs` cores do not use, as `codecs.open`, and modules that others have
    imported, as `statistics.random`.
    """
    nodes = list(ast.walk(ast.parse(source)))
    found, used, bound = set(), set(), {}  # bound: name in the source → module
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            bound.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            names = {alias.name for alias in node.names}
            found |= {f"{origin}.{name}" if has(origin, name) else origin for name in names}
            used |= {(origin, name) for name in names}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used |= {(bound[node.value.id], node.attr)} if node.value.id in bound else set()
    return found | {
        f"{module}.{name}" for module, name in used if module in COMPUTING and escapes(module, name)
    }


def escapes(module, name):
    """Whether what a computing module has under a name is more than what computes."""
    if module == "codecs":
        return name not in CODECS
    return inspect.ismodule(getattr(importlib.import_module(module), name, None))


def has(package, name):
    """Whether a package of ours has a module or package of that name."""
    if package.split(".")[0] not in PACKAGES:
        return False
    path = path_of(f"{package}.{name}")
    return path.exists() or path.with_suffix("").is_dir()


def builtins_named(source):
    """Those that reach files, terminals and other code without an import, called or handed on."""
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    forbidden = {"open", "input", "print", "eval", "exec", "compile", "breakpoint", "globals"}
    return names & {*forbidden, "__import__", "__builtins__", "__loader__", "__spec__"}


def within(module, packages):
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def path_of(module, root=ROOT):
    return root.joinpath(PACKAGES[module.split(".")[0]], *module.split(".")).with_suffix(".py")


def docstring(module):
    return ast.get_docstring(ast.parse(path_of(module).read_text())) or ""
