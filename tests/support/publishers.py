"""A publisher with an operation at work, and what it hands out."""

from __future__ import annotations

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.reporting.publisher import Publisher
from headway.states import RUNNING


def publisher_with(*names, connected=True):
    publisher = Publisher("s" * 16)
    operation = Operation("o" * 12, "Work")
    operation.move(RUNNING, 0.0)
    for number, name in enumerate(names, 1):
        operation.stages[number] = Stage(number, name)
    publisher.changed(operation)
    for stage in operation.stages.values():
        publisher.changed(operation, stage)
    if connected:
        publisher.connected()
    return publisher, operation


def kinds(taken):
    return [type(message) for message in taken]


def welcomed(publisher, major=messages.MAJOR, **about):
    publisher.take(1.0)
    told = (major, messages.MINOR, "i", 0.0, 0.0, "ipc:///f", True, about)
    publisher.receive(messages.Welcome(*told), 1.0)
    return publisher.take(1.0)


def sample(cpu, *lines):
    return messages.Work("o" * 12, 1.0, cpu, 10, 10, list(lines))
