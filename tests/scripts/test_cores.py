"""Cores have no clock, socket, thread, file, environment or randomness, by whatever name.

The import contract of the cores forbids what it lists. Here everything is refused that is not
known to compute alone. `scripts/check` runs this file.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re

import pytest
from source_packages import CORES, PACKAGES, contract, cores, modules, path_of, within

pytestmark = pytest.mark.once

# What cores import but cores, and what of it: these names compute. A list of what is forbidden has
# always forgotten one (`timeit` has a clock, `linecache` reads files, `functools` has a lock,
# `statistics.NormalDist` throws dice). None: the module has nothing else.
COMPUTING = {
    module: set(names.split()) or None
    for module, names in {
        "__future__": "",
        "_blake2": "blake2b blake2s",
        "_collections": "_tuplegetter deque",
        "_operator": "attrgetter itemgetter",
        "array": "array",
        "bisect": "",
        "codecs": "encode getincrementaldecoder",
        "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
        "difflib": "SequenceMatcher get_close_matches",
        "enum": "Enum Flag IntEnum IntFlag auto unique",
        "functools": "cached_property cmp_to_key lru_cache partial reduce total_ordering wraps",
        "hashlib": "blake2b blake2s sha256",
        "hmac": "compare_digest digest new",
        "itertools": "",
        "json": "JSONDecodeError JSONEncoder dumps loads",
        "math": "",
        "msgpack": "Packer packb unpackb",
        "operator": "attrgetter itemgetter",
        "re": "ASCII DOTALL IGNORECASE MULTILINE VERBOSE Match Pattern compile error escape findall"
        " finditer fullmatch match search split sub",
        "shlex": "join quote split",
        "statistics": "fmean mean median pstdev quantiles stdev",
        "struct": "",
        "textwrap": "dedent fill indent wrap",
        "typing": "AbstractSet Any Callable ClassVar Collection Container Dict FrozenSet Generic"
        " Hashable Iterable Iterator List Literal Mapping Match MutableMapping NamedTuple NoReturn"
        " Optional Pattern Protocol Sequence Set TYPE_CHECKING TextIO Tuple Type TypeVar Union cast"
        " get_args get_origin overload",
        "unicodedata": "",
    }.items()
}
# Modules that have more than that, and what cores name of them all the same: the numbers and names
# of signals, which are constants; the parser of a tool, by its name.
EXCEPTIONS = {
    *(
        ("headway.run.exit_status", module, f"SIG{name}")
        for module in ("_signal", "signal")
        for name in ("HUP", "INT", "QUIT", "TERM")
    ),
    *(
        ("headway.run.process.escalation", module, f"SIG{name}")
        for module in ("_signal", "signal")
        for name in ("INT", "KILL", "TERM")
    ),
    ("headway.async_exceptions", "opcode", "opname"),  # a table of names
    ("headway.run.exit_status", "signal", "Signals"),
    ("headway.run.parallel.endings", "signal", "SIGINT"),
    ("headway.run.parallel.endings", "signal", "SIGKILL"),
    ("headway.run.parallel.endings", "signal", "SIGTERM"),
    ("headway.run.parsers.registry", "importlib", "import_module"),
}
# A named tuple is compiled with the names of its fields, which are its annotations; a text is
# hashed for this process alone; where an error was raised is a fact of the error.
BUILTIN_EXCEPTIONS = {
    *(
        ("headway.async_exceptions", name)
        for name in ("__module__", "f_back", "f_globals", "f_locals", "tb_frame")
    ),
    ("headway.light_typing", "eval"),
    ("headway.light_typing", "__annotations__"),
    ("headway.run.time_limit", "hash"),
    ("headway_broker.state.errors", "tb_frame"),
}
FORBIDDEN_BUILTINS = set(
    re.findall(
        r"\w+",
        """
        open input print eval exec compile breakpoint globals locals vars dir help exit quit
        copyright credits license id hash
        """,
    )
)
# Attributes that lead from an object to what it is made with stay closed; these do not.
DUNDERS = set(
    re.findall(
        r"\w+",
        """
        __class__ __defaults__ __dict__ __eq__ __float__ __getitem__ __hash__ __index__ __init__
        __int__ __len__ __name__ __new__ __qualname__ __repr__ __setattr__ __slots__ __str__
        __traceback__ __wrapped__
        """,
    )
)
FRAMES = {"tb_frame", "gi_frame", "cr_frame", "f_back", "f_builtins", "f_globals", "f_locals"}


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
        (core, module, name)
        for core, path in held.items()
        for module, name in reached(path.read_text(), held)
    }
    assert found == EXCEPTIONS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from timeit import default_timer", ("timeit", "default_timer")),
        (
            "def late():\n    import linecache\n    return linecache.getline(path, 1)",
            ("linecache", "getline"),
        ),
        ("import codecs\ncodecs.open(path)", ("codecs", "open")),
        ("import codecs as c\nc.open(path)", ("codecs", "open")),
        ("from codecs import open as look", ("codecs", "open")),
        ("from re import *", ("re", "*")),
        ("from math import *", ("math", "*")),
        ("import importlib\nimportlib.import_module('time')", ("importlib", "import_module")),
        ("import urllib.request", ("urllib.request", "")),
        ("import os.path", ("os.path", "")),
        ("import os.path\nos.path.exists(path)", ("os.path", "exists")),
        ("from headway.host import random_id", ("headway.host.random_id", "")),
        ("from headway.host.random_id import random_id", ("headway.host.random_id", "random_id")),
        ("from . import reporter", (".", "reporter")),
        ("import statistics\nstatistics.random.random()", ("random", "random")),
        ("def late():\n    import re as r\n    r.enum.sys.exit()", ("sys", "exit")),
        ("from statistics import random", ("random", "")),
        ("from json import tool", ("json.tool", "")),
        ("from json import tool\ntool.sys.stdin", ("sys", "stdin")),
        ("from json import decoder\ndecoder.scanner", ("json.scanner", "itself")),
        (
            "from statistics import NormalDist\nNormalDist(0, 1).samples(3)",
            ("statistics", "NormalDist"),
        ),
        ("import shlex\nshlex.shlex()", ("shlex", "shlex")),
        ("import functools\nfunctools.RLock()", ("functools", "RLock")),
        ("import re\nre.__builtins__['open']", ("re", "__builtins__")),
        ("import math\nmath.__loader__", ("math", "__loader__")),
        ("import re\nhidden = re\nhidden.enum", ("re", "itself")),
        ("import re\ngetattr(re, name)", ("re", "itself")),
        ("from headway.protocol import endpoint", ("headway.protocol.endpoint", "")),
        (
            "from headway.protocol import wire\nwire.msgpack.ext.datetime",
            ("datetime", "itself"),
        ),
    ],
)
def test_what_a_core_must_not_reach_is_found(source, found):
    assert found in reached(source, {"headway.protocol.wire"})


def test_what_computes_may_be_reached():
    source = """
        import re, json
        from codecs import encode
        from headway.protocol import wire

        def late(json):
            wire.encode(json)
            return re.compile(encode("")).__class__.__name__
    """
    assert reached(inspect.cleandoc(source), {"headway.protocol.wire"}) == set()


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
        "hash(text)",
        "id(scope)",
        "help()",
        "exit(1)",
        "getattr(function, '__globals__')",
        "attrgetter('__init__.__globals__')",
        "late.__globals__",
        "error.__traceback__.tb_frame",
        "__file__",
    ],
)
def test_a_core_that_would_open_print_or_read_is_found(call):
    assert len(builtins_named(f"def late():\n    return {call}\n")) == 1


def test_a_parameter_is_no_builtin():
    assert builtins_named("def made(id):\n    return Stage(id)\n") == set()


def reached(source, held):
    """What a core reaches beyond other cores (`held`) and what computes: (module, name).

    The name is empty where a module is imported alone, or handed on as a whole.
    """
    tree = ast.parse(source)
    found, bound = set(), {}  # bound: name in the source → modules, where a fallback has it, too
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound.setdefault(alias.asname or alias.name, set()).add(alias.name)
                found.add((alias.name, ""))
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                module = module_at(origin, alias.name, held)
                found.add((origin, alias.name) if module is None else (module, ""))
                if module is not None:
                    bound.setdefault(alias.asname or alias.name, set()).add(module)
    own = names_of_functions(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if id(node) in inner or id(node) in own:
            continue
        chain = chain_of(node)
        if chain and isinstance(getattr(node, "ctx", None), ast.Load):
            found |= along(chain, bound, held)
    used = {module for module, name in found if name}
    return {
        (module, name)
        for module, name in found
        if not (allowed(module, name, held) or (not name and module in used))
    }


def along(chain, bound, held):
    """What a name with its attributes reaches, where it begins with a module."""
    for length in range(len(chain), 0, -1):
        modules = bound.get(".".join(chain[:length]))
        if modules:
            return set().union(*(inside(module, chain[length:], held) for module in modules))
    return set()


def inside(module, names, held):
    """What the attributes `names` of a module reach, one within another."""
    found = set()
    for name in names:
        within_it = module_at(module, name, held)
        if within_it is None:
            return found | {(module, name)}
        module = within_it
        found.add((module, ""))
    return found | {(module, HANDED)}


HANDED = "itself"  # the place of a name where a module is handed on


def allowed(module, name, held):
    """Whether a core may import a module, and that name of it."""
    if module in held:
        return not name.startswith("__")
    if name == HANDED:
        return False
    if module not in COMPUTING:
        return False
    names = COMPUTING[module]
    return not name or (name != "*" and not name.startswith("__") and (not names or name in names))


def module_at(module, name, held):
    """The name of the module that `module` has under a name, or None."""
    if module.startswith("."):
        return None
    if has(module, name):
        return f"{module}.{name}"
    if module.split(".")[0] in PACKAGES and module not in held:
        return None  # is found as it is
    value = getattr(importlib.import_module(module), name, None)
    if inspect.ismodule(value):
        return value.__name__
    try:
        spec = None if value is not None else importlib.util.find_spec(f"{module}.{name}")
    except ImportError:  # it is no package
        return None
    return None if spec is None else spec.name


def chain_of(node):
    """A name and its attributes, as ["os", "path"]; nothing of what is no such chain."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def has(package, name):
    """Whether a package of ours has a module or package of that name."""
    if package.split(".")[0] not in PACKAGES:
        return False
    path = path_of(f"{package}.{name}")
    return path.exists() or path.with_suffix("").is_dir()


def names_of_functions(tree):
    """The names and chains of names, by `id`, that are a parameter of the function around them."""
    own = set()
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.Lambda)):
            known = function.args
            parameters = {
                one.arg
                for one in (
                    *known.posonlyargs,
                    *known.args,
                    *known.kwonlyargs,
                    known.vararg,
                    known.kwarg,
                )
                if one is not None
            }
            own |= {
                id(node)
                for node in ast.walk(function)
                if (chain_of(node) or [None])[0] in parameters
            }
    return own


def builtins_named(source):
    """What reaches files, terminals and other code without an import, called or handed on.

    These are builtins, and attributes that lead from an object to its module.
    """
    tree = ast.parse(source)
    own = names_of_functions(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in own:
            found |= {node.id} if node.id in FORBIDDEN_BUILTINS or is_dunder(node.id) else set()
        elif isinstance(node, ast.Attribute):
            closed = is_dunder(node.attr) and node.attr not in DUNDERS
            found |= {node.attr} if closed or node.attr in FRAMES else set()
        elif isinstance(node, ast.Call):
            texts = {one.value for one in node.args if isinstance(one, ast.Constant)}
            names = [name for text in texts if type(text) is str for name in text.split(".")]
            found |= {name for name in names if is_dunder(name) and name not in DUNDERS}
    return found


def is_dunder(name):
    return bool(re.fullmatch("__[a-z_]+__", name))


def docstring(module):
    return ast.get_docstring(ast.parse(path_of(module).read_text())) or ""
