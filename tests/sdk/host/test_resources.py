from __future__ import annotations

import os
import resource

from headway.host import resources


def test_a_process_with_plenty_has_what_it_needs():
    assert resources.has_resources()


def test_too_few_descriptors_are_noticed(monkeypatch):
    used = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "sysconf", lambda name: used + resources.DESCRIPTORS - 1)
    assert not resources.has_descriptors()


def test_too_little_address_space_is_noticed(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resources.MEMORY, resources.MEMORY))
    assert not resources.has_memory()
