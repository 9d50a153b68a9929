import ast
import inspect
import pathlib

from headway_broker import components, core


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_component_reaches_back_into_the_core_or_asks_for_all_others():
    folder = pathlib.Path(core.__file__).parent
    knowing = {
        path.stem
        for path in folder.rglob("*.py")
        for name in imported(path)
        if name in (core.__name__, components.__name__)
    }
    assert knowing == {"core", "schedule", "server", "sockets", "network", "actions"}


def test_the_core_is_handed_values_and_no_function_by_which_it_would_look_at_the_machine():
    parameters = [
        *inspect.signature(core.Core).parameters.values(),
        *inspect.signature(components.Components).parameters.values(),
    ]
    assert len(parameters) > 10
    assert [one.name for one in parameters if "Callable" in str(one.annotation)] == []
