"""Report the bars of this program, then run the sitecustomize that it would have had.

Any Python may read this file, from 2.7 on; those before 3.8 do only the second.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _report_bars():
    if sys.version_info < (3, 8) or not os.environ.get("HEADWAY_BARS"):
        return
    if os.environ.get("HEADWAY_PATCH", "0").lower() in ("", "0", "off"):
        return
    if os.getuid() != os.geteuid():
        return  # it has another's rights, and shall run nothing of ours
    from importlib import util

    folder = os.path.dirname(_HERE)
    place = os.path.join(folder, "__init__.py")
    spec = util.spec_from_file_location("headway_patch", place, submodule_search_locations=[folder])
    if "headway_patch" in sys.modules or spec is None or spec.loader is None:
        return
    module = util.module_from_spec(spec)
    sys.modules["headway_patch"] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)  # pyright: ignore[reportAttributeAccessIssue]
        from headway_patch import hook

        hook.install()
    finally:
        sys.dont_write_bytecode = writes


def _run_next():
    """Run the sitecustomize that this one stands before, if there is any."""
    if sys.version_info < (3,):
        import imp

        try:
            found = imp.find_module("sitecustomize", sys.path)
        except ImportError:
            return
        imp.load_module("sitecustomize", *found)
        return
    from importlib import machinery, util

    spec = machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)  # pyright: ignore[reportAttributeAccessIssue]


sys.path[:] = [place for place in sys.path if os.path.abspath(place) != _HERE]
try:
    _report_bars()
except Exception:
    pass  # as without us
_run_next()
