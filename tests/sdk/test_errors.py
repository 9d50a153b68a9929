"""What a program may have to catch."""

import headway


def test_a_cancellation_passes_who_catches_exceptions():
    assert not issubclass(headway.Cancelled, Exception)


def test_programming_errors_are_of_the_usual_kinds():
    assert issubclass(headway.UnknownStage, LookupError)
    assert issubclass(headway.IllegalMove, ValueError)
