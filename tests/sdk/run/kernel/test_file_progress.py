"""When a position in a file is believed to be progress, and when no longer."""

import pytest

from headway.run.kernel.file_progress import (
    LEAST_SECONDS,
    OVER_SECONDS,
    SLACK,
    Count,
    FileProgress,
    Input,
    OpenFile,
)

SIZE = 200 << 20
STEP = 10 << 20
DATA = Input((1, 1), SIZE, "data")
MORE = Input((1, 2), SIZE, "more")


class Process:
    """A process that reads; a look every half second."""

    def __init__(self, program="sha256sum", inputs=(DATA,), *, folders=False):
        self.progress = FileProgress(program, list(inputs), folders=folders)
        self.now = 0.0
        self.read = 0
        self.memory = 5 << 20
        self.targets = []

    def look(self, position, of=DATA, *, read=None, others=()):
        """Be at a position; the count that is told then."""
        self.now += 0.5
        self.read = position if read is None else read
        files = [OpenFile(3, of.identity, False, position, of.size), *others, *self.targets]
        return self.progress.take(self.now, files, self.memory, self.read)

    def go(self, looks, of=DATA, start=0):
        """Go on for some looks; the last count."""
        for n in range(looks):
            count = self.look(start + (n + 1) * STEP, of)
        return count


def test_the_position_of_a_program_that_reads_in_order_is_believed_at_the_second_look():
    process = Process("gzip")
    assert process.look(STEP) is None
    assert process.look(2 * STEP) == Count(2 * STEP, SIZE, "data")


def test_a_position_is_believed_once_it_has_risen_for_a_second():
    process = Process("mytool")
    looks = int(LEAST_SECONDS / 0.5)
    assert process.go(looks) is None
    assert process.look((looks + 1) * STEP) == Count((looks + 1) * STEP, SIZE, "data")


def test_what_stands_from_the_first_look_on_is_not_believed():
    process = Process()
    assert [process.look(STEP) for _ in range(10)] == [None] * 10


def test_one_that_goes_back_is_never_believed_again():
    process = Process()
    assert process.go(5) is not None
    assert process.look(STEP) is None
    assert process.go(10, start=STEP) is None
    assert process.progress.off


def test_one_that_moves_without_reading_seeks():
    process = Process()
    process.go(5)
    assert process.look(SIZE - STEP, read=6 * STEP) is None
    assert process.progress.off


def test_one_that_reads_much_besides_is_no_main_input():
    process = Process()
    process.go(5)
    assert process.look(6 * STEP, read=20 * STEP) is None


def test_a_little_that_is_read_besides_does_no_harm():
    process = Process()
    process.go(5)
    assert process.look(6 * STEP, read=6 * STEP + SLACK // 2) is not None


def test_a_stranger_that_keeps_what_it_reads_has_its_work_to_come():
    process = Process("train")
    for n in range(1, 10):
        process.memory += STEP
        count = process.look(n * STEP)
    assert count is None
    assert process.progress.off


def test_a_stranger_that_keeps_nothing_is_believed():
    assert Process("mytool").go(6) == Count(6 * STEP, SIZE, "data")


def test_a_streaming_program_is_believed_whatever_it_keeps():
    process = Process("xz")
    for n in range(1, 10):
        process.memory += STEP
        count = process.look(n * STEP)
    assert count == Count(9 * STEP, SIZE, "data")


def test_what_goes_on_after_all_was_read_is_unknown():
    process = Process()
    process.go(20)
    assert process.look(SIZE) == Count(SIZE, SIZE, "data")
    for _ in range(int(OVER_SECONDS / 0.5) + 1):
        count = process.look(SIZE)
    assert count is None
    assert process.progress.off


def test_several_files_are_counted_together():
    process = Process(inputs=(DATA, MORE))
    process.go(20)
    assert process.look(STEP, MORE, read=SIZE + STEP) == Count(SIZE + STEP, 2 * SIZE, "more")


def test_two_files_that_are_read_side_by_side_are_counted_together():
    process = Process("cmp", inputs=(DATA, MORE))
    for n in range(1, 7):
        other = OpenFile(4, MORE.identity, False, n * STEP, SIZE)
        count = process.look(n * STEP, read=2 * n * STEP, others=[other])
    assert count == Count(12 * STEP, 2 * SIZE, "more")


def test_of_a_folder_only_what_was_read_is_counted():
    process = Process("tar", inputs=(), folders=True)
    assert process.go(6) == Count(6 * STEP, None, None)


def test_of_a_stranger_with_a_folder_nothing_is_told():
    assert Process("train", inputs=(), folders=True).go(9) is None


def test_a_file_that_is_not_named_is_nobodys_main_input():
    process = Process(inputs=(MORE,))
    assert process.go(9, DATA) is None


def test_an_output_that_the_command_line_names_is_no_input():
    target = Input((1, 9), STEP, "copy")
    process = Process("cp", inputs=(DATA, target))
    process.targets = [OpenFile(4, target.identity, True, 0, STEP)]
    assert process.go(6) == Count(6 * STEP, SIZE, "data")


def test_a_copy_by_the_kernel_shows_in_the_size_of_its_target():
    process = Process("cp")
    for n in range(1, 7):
        process.targets = [OpenFile(4, (1, 9), True, 0, n * STEP)]
        count = process.look(0, read=0)
    assert count == Count(6 * STEP, SIZE, "data")


def test_a_target_that_has_its_size_at_once_says_nothing():
    process = Process("cp")
    process.targets = [OpenFile(4, (1, 9), True, 0, SIZE)]
    assert [process.look(0, read=0) for _ in range(10)] == [None] * 10


def test_of_a_file_that_grows_the_total_is_unknown():
    process = Process()
    process.go(5)
    grown = DATA._replace(size=SIZE + STEP)
    assert process.look(6 * STEP, grown) == Count(6 * STEP, None, "data")


def test_without_its_bytes_read_the_position_has_to_do():
    process = Process()
    for n in range(1, 7):
        process.now += 0.5
        file = OpenFile(3, DATA.identity, False, n * STEP, SIZE)
        count = process.progress.take(process.now, [file], None, None)
    assert count == Count(6 * STEP, SIZE, "data")


@pytest.mark.parametrize("program", ["bash", "tail", "less"])
def test_programs_that_stop_when_they_like_are_not_looked_at(program):
    assert Process(program).progress.off


def test_small_inputs_are_not_looked_at():
    assert Process(inputs=(DATA._replace(size=1000),)).progress.off


def test_a_streaming_program_that_succeeds_has_read_all():
    process = Process()
    process.go(5)
    assert process.progress.finished() == Count(SIZE, SIZE, None)


@pytest.mark.parametrize(("program", "looks"), [("mytool", 5), ("sha256sum", 1)])
def test_nothing_is_finished_that_may_have_stopped_or_was_not_shown(program, looks):
    process = Process(program)
    process.go(looks)
    assert process.progress.finished() is None
