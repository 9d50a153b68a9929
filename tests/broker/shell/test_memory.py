"""What was freed goes back to the machine."""

import ctypes

import pytest

from headway_broker.shell.memory import GROWTH, Memory
from headway_broker.shell.processes import resident

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]


def test_a_process_that_does_not_grow_is_left_alone():
    memory = Memory()
    assert not memory.look()


@pytest.mark.skipif(not hasattr(libc, "malloc_trim"), reason="only glibc keeps what was freed")
def test_what_a_burst_needed_is_given_back():
    libc.malloc_trim(0)  # what other tests left free would be used again
    memory = Memory()
    before = resident()
    blocks = [libc.malloc(2000) for _ in range(20_000)]
    for block in blocks:
        ctypes.memset(block, 1, 2000)
    kept = blocks.pop()  # at the end of the heap: nothing shrinks by itself
    for block in blocks:
        libc.free(block)
    assert resident() - before > 5 * GROWTH
    assert memory.look()
    assert resident() - before < 2 * GROWTH
    libc.free(kept)
