from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.run.reading.measures import BAR, CERTAIN, LABEL_LIMIT, NUMBER, label_of, measure


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Copying 3 of ", "Copying of"),
        ("[ ", ""),
        ("Progress: ", ""),
        ("total 12.3MB ", ""),
        ("2026-11-30 15:00:01,123 [INFO] copy: item ", "copy item"),
        ("/home/me/private/film.mkv: ", "film.mkv"),
        ("user@host password=x sync ", "sync"),
        ("a long sentence that says what happens and is no name of anything ", ""),
    ],
)
def test_a_label_is_a_name_and_no_secret(text, label):
    assert label_of(text) == label


@pytest.mark.parametrize(
    ("line", "need"),
    [
        ("12/30", NUMBER),
        ("40% (12/30)", BAR),
        ("90% (12/30)", NUMBER),
        ("[####    ] 12/30", BAR),
        (" 40%|████   | 12/30 [00:00<00:00, 1.2it/s]", CERTAIN),
    ],
)
def test_the_more_a_form_tells_the_less_it_must_prove(line, need):
    assert measure(line).need == need


@pytest.mark.parametrize(
    "line",
    ["30/12", "0/0", "1/1", "v1.2/3", "5/100kB/s", "120%", "3.5.7%", "20%20", "a/1/2", ""],
)
def test_what_is_no_measure_is_none(line):
    assert measure(line) is None


def test_a_count_before_a_unit_of_bytes_counts_bytes():
    assert measure("12/30 MB")[2:5] == (12_000_000, 30_000_000, "B")


def test_the_unit_of_a_bar_is_that_of_its_rate():
    assert measure(" 40%|██| 1.2k/3.0k [00:01<00:02, 32.9pkg/s]").unit == "pkg"
    assert measure(" 40%|██| 12/30 [00:01<00:02, 1.2s/it]").unit is None
    assert measure("4.00MB [00:00, 10.5MB/s]")[2:5] == (4_000_000, None, "B")


@given(st.text(max_size=300))
def test_any_text_is_read(line):
    found = measure(line)
    if found is not None:
        assert len(found.label) <= LABEL_LIMIT
        assert found.total is None or found.done <= found.total


@pytest.mark.parametrize("unit", ["1", "1/", "[", "(1 of ", "█", "━", "1.", ", ", "a: ", "#", "|"])
def test_no_line_is_slow_to_read(unit):
    import time

    began = time.process_time()
    measure((unit * 4096)[:4096])
    assert time.process_time() - began < 2  # a regular expression that backtracks takes minutes


@pytest.mark.parametrize(
    "line",
    ["Processed 12/40 files, 2 s left", "[12/40] 3.2 s elapsed", "[12/40] open.c compiled"],
)
def test_times_and_names_further_on_in_a_line_leave_its_count(line):
    found = measure(line)
    assert (found.done, found.total) == (12, 40)


@pytest.mark.parametrize("line", ["waited 3/10 seconds", "3/10 open", "[5/10] received"])
def test_what_is_counted_behind_the_count_may_be_no_work(line):
    assert measure(line) is None


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("\t[ 45.3%] [ 0m03s remaining] /", "0m03s remaining"),
        ("Jobs: 1 (f=1): [W(1)][45.5%][w=200MiB/s][eta 06s]", "w=200MiB/s, eta 06s"),
    ],
)
def test_brackets_and_signs_that_turn_are_no_part_of_a_detail(line, detail):
    assert measure(line).detail == detail


@pytest.mark.parametrize("state", ["started", "online", "connected", "] booted"])
def test_how_many_have_come_up_is_no_work_done(state):
    assert measure(f"Worker 2/4 {state}") is None


@pytest.mark.parametrize(
    "line",
    [
        "pool: 8/20 in use",
        "8/10 errors allowed",
        "failed 8/10",
        "8 of 10 failed",
        "7/50 skipped",
        "queue depth 21/100",
        "restart 4/5",
        "Votes: 7/9 required",
        "seeds: 8/30 peers: 12/50",
        "node 7/8 up",
        "zoom 85%",
        "growth: 56%",
        "cpu0 at 47 % of max",
        "GC: 80M/512M",
    ],
)
def test_what_is_counted_up_to_a_limit_is_no_work_done(line):
    assert measure(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "[3/10] failed test_a",
        "45 of 100 files (12 failed)",
        "(3/10) skipped a.c",
        "3/10 up-to-date",
    ],
)
def test_a_count_of_what_has_failed_or_not_is_one(line):
    assert measure(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "similarity 70 %",
        "parking occupancy 70%",
        "epoch done, yield 41%",
        "rank 8/50 after round",
        "gpu0 util 70%",
        "f1 81.5% on dev",
        "70% of budget spent",
        "inodes 812/65536",
    ],
)
def test_a_number_beside_no_word_of_work_may_be_a_level(line):
    found = measure(line)
    assert found is None or found.level


@pytest.mark.parametrize(
    "line",
    [
        "Converting... 40% complete",
        "rows 400/900 written",
        "40% of rows done",
        "40%",
        "(3/10) libfoo",
        "migrated 3 tables out of 12",
        "12 percent complete",
        "Migration 3/14: add_column",
        "data.bin 40%",
        "Phase A: 40%",
    ],
)
def test_a_number_beside_a_word_of_work_is_no_level(line):
    assert not measure(line).level


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Phase A: 30 %", "Phase A"),
        ("[Part 2] 30 %", "Part 2"),
        ("pass IV - 3/10", "pass IV"),
        ("Worker 3: 3/10", "Worker 3"),
        ("copying file 3 40%", "file 3"),
        ("step done 30%", "step done"),
    ],
)
def test_which_of_several_it_is_belongs_to_a_label(line, label):
    found = measure(line)
    assert found.label == label
    assert found.one_of_many is (label != "step done")


@pytest.mark.parametrize("line", ["/data 60.0 GB of 100 GB", "90%  270 ms", "14/16 slots taken"])
def test_what_a_device_a_distribution_or_a_pool_holds_is_no_work_done(line):
    assert measure(line) is None
