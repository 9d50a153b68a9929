"""Which stages are told of an operation that has too many."""

from models import many

from headway.model import Operation
from headway.protocol.overview import told_stages


def test_of_what_has_ended_the_last_that_broke_is_told():
    operation = many(5_000, "failed")
    operation.stages[4_000].state = "completed"
    for number in range(4_001, 5_001):
        operation.stages[number].state = "skipped"
    assert told_stages(operation) == [1, 3_999, 5_000]


def test_of_what_goes_on_the_leaves_are_told_with_all_that_they_are_part_of():
    operation = many(3_000)
    for stage in operation.stages.values():
        stage.state = "completed"
    for number, parent in ((10, None), (500, 10), (2_000, 500)):
        operation.stages[number].state = "running"
        operation.stages[number].parent = parent
    assert told_stages(operation) == [1, 10, 500, 2_000, 3_000]


def test_a_question_is_told_wherever_it_stands():
    operation = many(3_000)
    for number in (100, 200, 300, 2_500):
        operation.stages[number].move("waiting", 2.0, "for the dpkg lock")
    operation.stages[2_500].reason = "an answer: Continue? [Y/n]"
    told = Operation("op", "many")
    told.move("running", 1.0)
    for number in told_stages(operation):
        told.stages[number] = operation.stages[number]
    assert told.question == operation.question == "an answer: Continue? [Y/n]"


def test_stages_in_a_circle_are_told_and_end():
    operation = many(200)
    for number in range(1, 201):
        operation.stages[number].parent = number % 200 + 1
    assert told_stages(operation)[:1] == [1]
