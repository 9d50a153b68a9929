"""Cores have no clock, socket, thread, file, environment or randomness, by whatever name.

The import contract of the cores forbids what it lists. Here everything is refused that is not
known to compute alone. `scripts/check` runs this file.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest
from source_packages import CORES, PACKAGES, contract, cores, modules, path_of, within

pytestmark = pytest.mark.once

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


def docstring(module):
    return ast.get_docstring(ast.parse(path_of(module).read_text())) or ""
