"""`headway otel` beside a real broker, with a receiver of OTLP."""

import signal

import pytest
from machine import HEADWAY, until
from otlp_receiver import receiver
from sandbox import let_go

pytest.importorskip("opentelemetry.sdk", reason="otel is an extra")

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PROGRAM = (
    "with headway.operation('Deploy') as op:\n"
    "    sys.stdin.read()\n"
    "    with op.stage('copy', total=3) as stage: stage.advance(3)\n"
    "    subprocess.run([sys.executable, '-c', CHILD], env=op.env())\n"
)
CHILD = "CHILD = 'import headway\\nwith headway.operation(\"Restart\"): pass'\n"


@pytest.mark.starts_broker
def test_a_program_is_part_of_the_trace_that_it_was_started_in(sandbox):
    # One test for all: a broker, programs and the command take seconds to start.
    with receiver() as (url, spans):
        program = sandbox.program(
            f"import subprocess\n{CHILD}{PROGRAM}",
            stdin=-1,
            environ={"TRACEPARENT": f"00-{TRACE}-{SPAN}-01"},
        )
        until(sandbox.operations, "the operation")
        command = sandbox.spawn(*HEADWAY, "otel", url)
        until(lambda: sandbox.ask("status")["listeners"], "the follower")
        assert sandbox.ask("status")["viewers"] == 0
        let_go(program)
        until(lambda: {one["state"] for one in sandbox.operations()} == {"completed"}, "both ends")
        until(lambda: len(spans) >= 3, "the spans", 30)
        command.send_signal(signal.SIGINT)
        assert command.wait(20) == 0
        assert command.stderr.read() == ""
    found = {span["name"]: span for span in spans}
    assert set(found) == {"Deploy", "copy", "Restart"}
    assert {span["trace"] for span in spans} == {TRACE}
    assert found["Deploy"]["parent"] == SPAN
    assert found["copy"]["parent"] == found["Restart"]["parent"] == found["Deploy"]["id"]
    assert found["copy"]["attributes"]["headway.stage.done"] == 3
