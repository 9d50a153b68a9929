from headway.run.parallel.output import CANCELLED_LIMIT, LINE_LIMIT, CommandOutput


def test_a_line_goes_out_once_it_is_whole_and_begins_with_the_label():
    output = CommandOutput("interleaved", "sh", 4)
    assert output.feed(1, b"a\nhal") == [(1, b"sh   | a\n")]
    assert output.feed(2, b"err\n") == [(2, b"sh   | err\n")]
    assert output.feed(1, b"f\n") == [(1, b"sh   | half\n")]


def test_an_unfinished_last_line_goes_out_at_the_end():
    output = CommandOutput("interleaved", "sh", 2)
    output.feed(1, b"a")
    assert not output.withholds(failed=True)
    assert output.finish(failed=False) == [(1, b"sh | a\n")]
    assert output.finish(failed=False) == []


def test_what_a_bar_has_drawn_over_itself_is_one_line():
    output = CommandOutput("interleaved", "curl", 4)
    assert output.feed(2, b"10 %\r50 %\r100 %\r\n") == [(2, b"curl | 100 %\n")]


def test_grouped_output_comes_at_the_end_in_its_order():
    output = CommandOutput("grouped", "sh", 2)
    assert output.feed(1, b"a\n") == []
    assert output.feed(2, b"b\n") == []
    assert output.finish(failed=False) == [(1, b"==> sh <==\n"), (1, b"a\n"), (2, b"b\n")]


def test_quiet_output_comes_only_of_what_failed():
    assert CommandOutput("quiet", "sh", 2).finish(failed=False) == []
    output = CommandOutput("quiet", "sh", 2)
    output.feed(2, b"why\n")
    assert output.finish(failed=True) == [(2, b"==> sh <==\n"), (2, b"why\n")]


def test_of_what_was_cancelled_nothing_comes_that_is_kept_for_failures():
    output = CommandOutput("quiet", "sh", 2)
    assert not output.withholds(failed=True)
    output.feed(2, b"Traceback\n")
    assert output.withholds(failed=True)
    assert output.finish(failed=True, cancelled=True) == []
    output = CommandOutput("grouped", "sh", 2)
    output.feed(1, b"x\n")
    assert output.finish(failed=True, cancelled=True) != []


def test_a_line_without_an_end_is_not_held_back_for_ever():
    output = CommandOutput("interleaved", "sh", 2)
    assert output.feed(1, b"x" * (LINE_LIMIT + 1)) != []


def test_what_succeeded_is_folded_where_the_log_can_and_what_failed_stands_open():
    def fold(label):
        return f"begin {label}\n", "end\n"

    for failed, shown in ((False, b"begin npm\nx\nend\n"), (True, b"==> npm <==\nx\n")):
        output = CommandOutput("grouped", "npm", 3, fold)
        output.feed(1, b"x\n")
        assert b"".join(data for _, data in output.finish(failed=failed)) == shown


def test_of_much_that_was_cancelled_the_last_lines_come_and_of_a_failure_all():
    for cancelled in (False, True):
        output = CommandOutput("grouped", "yes", 3)
        for _ in range(40):
            output.feed(1, b"y\n" * 8000)
        output.feed(2, b"last\n")
        assert output.withholds(failed=False)
        told = b"".join(data for _, data in output.finish(failed=True, cancelled=cancelled))
        head = b"==> yes, its last lines <==\ny\n" if cancelled else b"==> yes <==\ny\n"
        assert told.startswith(head)
        assert told.endswith(b"y\nlast\n")
        assert (len(told) <= CANCELLED_LIMIT + 40) == cancelled
