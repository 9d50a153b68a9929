import ast
import importlib.util
import pathlib
import sys
import types

import pytest

import headway_patch
from headway_patch import hook

SITE = pathlib.Path(headway_patch.__file__).parent / "site" / "sitecustomize.py"


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(hook, "_warned", set())


@pytest.fixture
def library(monkeypatch, tmp_path):
    """A library whose bars are replaced by those of `headway_patch.ours`."""
    (tmp_path / "barlib.py").write_text("bar = 'theirs'\n")
    monkeypatch.setattr(hook, "REPLACED", {"barlib": "ours"})
    monkeypatch.delitem(sys.modules, "barlib", raising=False)
    ours = types.ModuleType("headway_patch.ours")
    ours.replace = lambda module: setattr(module, "bar", "ours")
    monkeypatch.setitem(sys.modules, "headway_patch.ours", ours)
    sys.path.insert(0, str(tmp_path))
    yield ours
    sys.modules.pop("barlib", None)


def test_a_library_has_our_bar_the_moment_it_is_imported(library):
    hook.install()
    import barlib

    assert barlib.bar == "ours"
    assert barlib.__spec__.loader is barlib.__loader__


def test_a_library_that_is_imported_already_is_changed_at_once(library):
    import barlib

    assert barlib.bar == "theirs"
    hook.install()
    hook.install()
    assert barlib.bar == "ours"
    assert sum(isinstance(finder, hook.Finder) for finder in sys.meta_path) == 1


def test_other_imports_are_left_to_others(library):
    assert hook.Finder().find_spec("json") is None
    assert hook.Finder().find_spec("barlib.part") is None


def test_what_cannot_be_replaced_stays_and_is_said_once(library, capsys):
    def refuse(_module):
        raise LookupError("it has no refresh")

    library.replace = refuse
    hook.install()
    import barlib

    hook.change(barlib)
    assert barlib.bar == "theirs"
    said = "headway patch: barlib draws as without Headway: LookupError: it has no refresh\n"
    assert capsys.readouterr().err == said


def test_a_library_that_raises_when_imported_raises_as_without_us(library, tmp_path):
    (tmp_path / "barlib.py").write_text("raise RuntimeError('broken')\n")
    importlib.invalidate_caches()
    hook.install()
    with pytest.raises(RuntimeError, match="broken"):
        import barlib  # noqa: F401


def test_a_class_without_what_ours_calls_is_refused():
    hook.require(str, "upper")
    with pytest.raises(LookupError, match="it has no refresh, close"):
        hook.require(str, "refresh", "close")


def test_the_file_that_every_python_reads_has_the_syntax_of_every_python():
    newer = (ast.AnnAssign, ast.JoinedStr, ast.AsyncFunctionDef, ast.NamedExpr, ast.Nonlocal)
    for node in ast.walk(ast.parse(SITE.read_text())):
        assert not isinstance(node, newer)
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            assert node.returns is None
            assert not arguments.kwonlyargs
            assert not any(one.annotation for one in arguments.args)
