"""No `except` on the program's thread takes what a signal's handler of the program raises.

A handler is called between any two instructions of the main thread. An `except` that takes errors
of any kind calls `reraise_async`, or it stands here with the reason why it need not.
"""

import ast
import dis
import pathlib
import sys

import pytest

SDK = pathlib.Path(__file__).parents[2] / "sdk"
# What a handler may well raise: its own kinds, and a `TimeoutError`, which is an OSError.
BROAD = {"BaseException", "Exception", "OSError", "RuntimeError", "TimeoutError"}
# What runs in processes of ours.
OWN = (
    "headway/cli.py",
    "headway/commands/",
    "headway/run/",
    "headway/testing.py",
    "headway_command.py",
)
# Module → how many handlers that keep it, and why they may.
REASONS = {
    "headway/api/counts/step_counter.py": (1, "it passes on what comes from any other frame"),
    "headway/host/desktop.py": (2, "a thread that sends notifications"),
    "headway/reporting/connection.py": (6, "the reporting thread"),
    "headway/reporting/exits.py": (4, "ends: nobody could catch it, and the process is over"),
    "headway/reporting/thread.py": (8, "the reporting thread"),
    "headway_patch/site/sitecustomize.py": (1, "before the program begins"),
}


def broad(handler):
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind) in BROAD for kind in kinds)


def passes_on(handler):
    names = {node.id for node in ast.walk(handler) if isinstance(node, ast.Name)}
    last = handler.body[-1]
    return bool(names & {"reraise_async", "is_async", "is_of_step"}) or (
        isinstance(last, ast.Raise) and last.exc is None
    )


@pytest.mark.once
def test_every_broad_except_passes_on_what_is_the_programs():
    found = {}
    for path in sorted(SDK.rglob("*.py")):
        name = str(path.relative_to(SDK))
        if name.startswith(OWN) and name != "headway/run/subprocess_run.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and broad(node) and not passes_on(node):
                found.setdefault(name, []).append(node.lineno)
    counts = {name: len(lines) for name, lines in found.items()}
    assert counts == {name: number for name, (number, _) in REASONS.items()}, found


def ours_in_programs():
    """The files of what runs in programs, by name."""
    for path in sorted(SDK.rglob("*.py")):
        name = str(path.relative_to(SDK))
        if not name.startswith(OWN):
            yield name, path.read_text("utf-8")


# A file that is not closed there is closed with its last reference.
CLOSES_ITSELF = ("open(", "zipfile.ZipFile(")


def loops_under_a_lock(tree):
    """The lines of loops with a jump of their own that stand in a `with` of a lock themselves."""
    for block in ast.walk(tree):
        context = ast.unparse(block.items[0].context_expr) if isinstance(block, ast.With) else ""
        if "lock" not in context or context.startswith(CLOSES_ITSELF):
            continue
        inside = list(block.body)
        while inside:
            node = inside.pop()
            if isinstance(node, ast.While) or skips(node):
                yield node.lineno
            if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
                inside.extend(ast.iter_child_nodes(node))


def skips(node):
    """Whether a `for` loop or a comprehension goes on before its last instruction."""
    if isinstance(node, ast.For):
        jumps = any(isinstance(inner, ast.Continue) for inner in ast.walk(node))
        last = node.body[-1]
        return jumps or (isinstance(last, ast.If) and not last.orelse)
    generators = () if isinstance(node, ast.GeneratorExp) else getattr(node, "generators", ())
    return any(part.ifs for part in generators)


@pytest.mark.once
def test_no_loop_with_a_condition_stands_in_the_with_of_a_lock():
    """CPython 3.12 and later: what is raised at such a loop's jump back leaves the lock held."""
    found = {}
    for name, source in ours_in_programs():
        lines = list(loops_under_a_lock(ast.parse(source)))
        found.update({name: lines} if lines else {})
    assert found == {}


# The other jump back, JUMP_BACKWARD_NO_INTERRUPT, calls no handler.
JUMP_BACK = dis.opmap.get("JUMP_BACKWARD")


def covered_blocks(tree):
    """The first and last lines of blocks that have to be left in order, and where they begin."""
    for block in ast.walk(tree):
        if isinstance(block, ast.With):
            context = ast.unparse(block.items[0].context_expr)
            if not context.startswith(CLOSES_ITSELF):
                yield block.body[0].lineno, block.body[-1].end_lineno, block.lineno
        elif isinstance(block, ast.Try) and block.finalbody:
            yield block.body[0].lineno, block.body[-1].end_lineno, block.lineno


def codes(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from codes(constant)


def uncovered(source):
    """The lines of such blocks at whose jumps back nothing catches what a handler raises."""
    blocks = list(covered_blocks(ast.parse(source)))
    for code in codes(compile(source, "source", "exec")) if blocks else ():
        table = dis._parse_exception_table(code)
        lines = [line for line, *_ in code.co_positions()]
        body = code.co_code
        for at in range(0, len(body), 2):
            if body[at] != JUMP_BACK or any(e.start <= at < e.end for e in table):
                continue
            line = lines[at // 2]
            for first, last, begins in blocks:
                if first <= line <= last and code.co_firstlineno <= begins:
                    yield line


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the compiler covers all of them there")
def test_no_jump_back_in_a_with_or_a_try_is_uncovered():
    """The same by the compiler's own table, which says what a newer Python leaves out."""
    found = {}
    for name, source in ours_in_programs():
        lines = sorted(set(uncovered(source)))
        found.update({name: lines} if lines else {})
    assert found == {}


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="as that compiler has it")
def test_an_uncovered_jump_is_found():
    loop = """
def judge(handles):
    with lock:
        for handle in handles:
            if handle.open:
                handle.judge()
"""
    assert list(uncovered(loop)) == [5]
    assert list(uncovered(loop.replace("if handle.open:", "while handle.open:"))) != []
    assert list(loops_under_a_lock(ast.parse(loop))) == [4]
