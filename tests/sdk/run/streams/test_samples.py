from __future__ import annotations

from headway.run.streams.samples import Samples


def put(samples, *chunks):
    for chunk in chunks:
        samples.put(memoryview(chunk))


def test_what_was_put_is_taken_once():
    samples = Samples(100)
    put(samples, b"a", b"b")
    assert samples.take() == (b"ab", False)
    assert samples.take() == (b"", False)


def test_the_newest_is_kept_and_a_loss_is_told():
    samples = Samples(4)
    put(samples, b"abc", b"def")
    assert samples.take() == (b"def", True)
    put(samples, b"0123456789")
    assert samples.take() == (b"6789", True)
    put(samples, b"x")
    assert samples.take() == (b"x", False)


def test_a_copy_is_taken():
    buffer = bytearray(b"abc")
    samples = Samples(10)
    samples.put(memoryview(buffer))
    buffer[:] = b"xyz"
    assert samples.take()[0] == b"abc"


def test_parts_tell_when_they_came():
    samples = Samples(100)
    for now, data in ((1.0, b"a"), (1.05, b"b"), (1.5, b"c")):
        samples.put(memoryview(data), now)
    assert samples.take_parts() == ([(1.0, b"ab"), (1.5, b"c")], False)
