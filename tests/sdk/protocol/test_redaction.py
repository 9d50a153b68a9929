"""What is written to disk has no texts, and what a file repeats blanks none in memory."""

import pytest

from headway.model import Operation, Stage
from headway.protocol.messages import Announce, Beat
from headway.protocol.redaction import redact, redact_operation, redact_stage, refill
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import COMPLETED, CRASHED, FAILED, WAITING


def operation(**values):
    made = Operation("op", "Install")
    made.apply(
        [{**dict(zip(OPERATION_FIELDS, made.record())), **values}[f] for f in OPERATION_FIELDS]
    )
    return made


def stage(**values):
    made = Stage(1, "Download")
    made.apply([{**dict(zip(STAGE_FIELDS, made.record())), **values}[f] for f in STAGE_FIELDS])
    return made


def of_operation(**values):
    return dict(zip(OPERATION_FIELDS, redact_operation(operation(**values).record())))


def of_stage(**values):
    return dict(zip(STAGE_FIELDS, redact_stage(stage(**values).record())))


def test_a_failure_keeps_its_exit_status_and_loses_its_words():
    found = of_operation(state=FAILED, error="printed", message="said", exit_status=3)
    assert (found["error"], found["message"], found["exit_status"]) == (None, None, 3)
    assert found["name"] == "Install"


def test_a_message_of_success_and_the_brokers_word_on_a_crash_stay():
    assert of_operation(state=COMPLETED, message="42 packages")["message"] == "42 packages"
    assert of_operation(state=CRASHED, error="the process died")["error"] == "the process died"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("an answer: Password for root:", "an answer"),
        ("password for root", "password"),
        ("the dpkg lock", "the dpkg lock"),
        ("interrupted by SIGINT", "interrupted by SIGINT"),
        (None, None),
    ],
)
def test_of_a_question_it_stays_that_there_is_one(reason, kept):
    assert of_operation(state=WAITING, reason=reason)["reason"] == kept
    assert of_stage(state=WAITING, reason=reason)["reason"] == kept


def test_a_stage_keeps_its_counts_and_loses_its_words():
    found = of_stage(state=FAILED, error="printed", detail="printed", done=3, total=9)
    assert (found["error"], found["detail"]) == (None, None)
    assert (found["name"], found["done"], found["total"]) == ("Download", 3, 9)


def announced(known, *stages):
    return Announce(1, 5.0, True, known.record(), [one.record() for one in stages])


def test_of_messages_only_an_announcement_has_texts():
    message = announced(operation(state=FAILED, error="printed"), stage(detail="printed"))
    assert "printed" not in str(redact(message))
    assert "printed" in str(message)
    assert redact(Beat(1, 5.0)) == Beat(1, 5.0)


def test_what_a_file_repeats_has_the_texts_that_are_known():
    known = operation(state=FAILED, error="printed", message="said")
    known.add_stage(stage(state=FAILED, error="broken", detail="item 3"))
    message = announced(known, *known.stages.values())
    assert refill(redact(message), known) == message


def test_texts_of_another_state_or_attempt_are_not_taken_over():
    known = operation(state=FAILED, error="printed")
    known.add_stage(stage(state=FAILED, error="broken"))
    later = announced(operation(state=COMPLETED), stage(state=FAILED, attempt=2))
    assert refill(later, known) == later


def test_a_correction_takes_no_text_over_and_no_file_lacks_our_own_words():
    known = operation(state=FAILED, error="printed", message="m", revision=3)
    known.add_stage(stage(state=FAILED, error="exit status 3"))
    later = announced(operation(state=FAILED, revision=4), stage(state=FAILED))
    assert refill(later, known) == later
    same = announced(operation(state=FAILED, revision=3), stage(state=FAILED))
    assert refill(same, known).operation == known.record()
    assert refill(same, known).stages == same.stages


def test_an_error_in_headways_own_words_stays():
    assert of_operation(state=FAILED, error="exit status 3")["error"] == "exit status 3"
    assert of_stage(state=FAILED, error="killed by SIGKILL")["error"] == "killed by SIGKILL"
