from headway.run.kernel.file_locks import find_holder

LINES = """\
1: FLOCK  ADVISORY  WRITE 100 fe:00:1234 0 EOF
1: -> FLOCK  ADVISORY  WRITE 200 fe:00:1234 0 EOF
2: POSIX  ADVISORY  READ  300 fe:00:9 0 EOF
""".splitlines()


def test_the_holder_stands_in_the_line_of_the_same_number():
    assert find_holder(LINES, [200]) == 100


def test_who_holds_a_lock_waits_for_nobody():
    assert find_holder(LINES, [100, 300]) is None


def test_lines_of_another_form_say_nothing():
    assert (
        find_holder(["", "x", "1: -> FLOCK", "1: OFDLCK ADVISORY READ -1 x 0 EOF"], [200]) is None
    )
