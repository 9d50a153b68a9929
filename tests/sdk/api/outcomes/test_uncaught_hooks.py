"""Hooks that others take away, wrap or replace."""

import types

from headway.api.outcomes.uncaught import Hook, install


class Told(Hook):
    __slots__ = ()

    def __call__(self, what):
        self.before([*what, type(self).__name__])


class Other(Told):
    __slots__ = ()


def a_module():
    told = []
    return types.SimpleNamespace(excepthook=told.extend), told


def test_it_is_set_once_and_calls_the_one_before():
    module, told = a_module()
    install(Told, module)
    install(Told, module)
    module.excepthook([])
    assert told == ["Told"]


def test_hooks_of_two_kinds_do_not_pile_up():
    module, told = a_module()
    for _ in range(3):
        install(Told, module)
        install(Other, module)
    module.excepthook([])
    assert told == ["Other", "Told"]


def test_it_is_set_again_after_somebody_has_put_an_earlier_one_back():
    module, told = a_module()
    before = module.excepthook
    install(Told, module)
    module.excepthook = before
    install(Told, module)
    module.excepthook([])
    assert told == ["Told"]


def test_it_is_set_again_in_front_of_one_that_does_not_call_it():
    module, told = a_module()
    install(Told, module)
    module.excepthook = lambda what: told.append(("a stranger", *what))
    install(Told, module)
    module.excepthook([])
    assert told == [("a stranger", "Told")]
