"""What a forecast is told of the past."""

from headway.estimate import Forecast
from headway.model import Operation, Stage
from headway_broker.estimates.forecast_input import is_held, replay, tell


def two_stages():
    made = Operation("op", "Install")
    made.move("running", 100.0)
    for number, (name, begun, ended) in enumerate([("a", 100.0, 104.0), ("b", 104.0, 110.0)], 1):
        stage = made.stages[number] = Stage(number, name)
        stage.move("running", begun)
        stage.move("completed", ended)
    return made


def test_past_stages_are_told_in_the_order_in_which_they_began_and_ended():
    made = two_stages()
    made.stages = dict(reversed(made.stages.items()))
    forecast = Forecast()
    replay(made, forecast)
    run = forecast.finish("completed", 110.0)
    assert {span.key: span.worked for span in run.spans} == {"a": 4.0, "b": 6.0}


def test_a_stage_that_stopped_early_teaches_nothing():
    made = two_stages()
    made.stages[2].reason = "stopped at 3 of 6"
    assert made.stages[2].stopped
    forecast = Forecast()
    replay(made, forecast)
    assert [span.key for span in forecast.finish("completed", 110.0).spans] == ["a"]


def test_the_clock_of_what_waits_or_is_stopped_is_held():
    made = two_stages()
    assert not is_held(made)
    made.stops = ((105.0, None),)
    assert is_held(made)


def test_a_stage_that_is_told_of_late_is_told_with_its_beginning():
    forecast = Forecast()
    forecast.start(100.0)
    stage = Stage(1, "a", total=100, unit="B")
    stage.move("running", 100.0)
    stage.done = 60
    tell(forecast, stage, 106.0)
    stage.move("completed", 110.0)
    stage.done = 100
    tell(forecast, stage, 110.0)
    (span,) = forecast.finish("completed", 110.0).spans
    assert (span.start, span.worked, span.fractions) == (0.0, 10.0, [0.0, 0.6, 1.0])


def test_time_in_which_it_was_stopped_is_no_work_of_its_past():
    made = two_stages()
    made.stops = ((101.0, 103.0), (108.0, None))
    forecast = Forecast()
    replay(made, forecast)
    found, _ = forecast.so_far(110.0)
    assert found.seconds == 6.0
    assert {span.key: span.worked for span in found.spans} == {"a": 2.0, "b": 4.0}
