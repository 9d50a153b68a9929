"""Hashes of lines: which are kept, and what they tell."""

from headway.run.progress.line_hashes import KEPT, LineHashes


def hashed(*lines, key=b"secret"):
    hashes = LineHashes(key)
    for line in lines:
        hashes.add(line)
    return hashes.take()


def test_the_same_line_has_the_same_hash_in_every_run():
    assert hashed("Compiling a.c") == hashed("Compiling a.c") != hashed("Compiling b.c")


def test_under_another_secret_it_has_another():
    assert hashed("Compiling a.c") != hashed("Compiling a.c", key=b"other")


def test_numbers_make_no_difference():
    assert hashed("linked in 1.25 s") == hashed("linked in 33.5 s")


def test_a_line_is_told_twice_and_then_no_more():
    assert len(hashed(*["Working"] * 10)) == 2


def test_what_was_told_is_not_told_again():
    hashes = LineHashes(b"secret")
    hashes.add("one")
    assert hashes.take()
    assert hashes.take() == []


def test_blank_lines_are_none():
    assert hashed("", "  ", "-") == []


def test_of_a_flood_the_lowest_are_kept_in_whatever_order_they_come():
    names = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(20_000)]
    first, second = LineHashes(b"k"), LineHashes(b"k")
    told = [set(), set()]
    for hashes, order, seen in ((first, 1, told[0]), (second, -1, told[1])):
        for at, name in enumerate(names[::order]):
            hashes.add(name)
            if at % 100 == 0:
                seen.update(hashes.take())
        seen.update(hashes.take())
    lowest = [set(sorted(seen)[:KEPT]) for seen in told]
    assert lowest[0] == lowest[1]
    assert len(lowest[0]) == KEPT
