import inspect

import headway.async_exceptions
import headway_patch.async_exceptions


def test_it_is_the_module_of_headway_which_patched_programs_need_not_have():
    assert inspect.getsource(headway_patch.async_exceptions) == inspect.getsource(
        headway.async_exceptions
    )
