from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcripts import Played, play, say_to

from headway.run.parsers import generic
from headway.run.reading.events import (
    DRAWN,
    OUTPUT,
    Detail,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
    Withdrawn,
)
from headway.run.reading.terminal_lines import PROGRESS_MARK


def feed(*lines, source=OUTPUT):
    """Events of the lines, without the first stage's beginning."""
    machine = generic.Parser()
    return [event for line in lines for event in machine.feed(line, source)][1:]


def folded(*lines, source=OUTPUT, exit_status=0, end=True):
    machine, played = generic.Parser(), Played()
    for line in lines:
        played.take(machine.feed(line, source))
    if end:
        played.take(machine.finish(exit_status))
    return played


def numbers(*lines, source=OUTPUT):
    """(stage, done, total) of what is shown after the lines, of stages that run."""
    stages = folded(*lines, source=source, end=False).stages
    return [
        (name, stage["done"], stage["total"])
        for name, stage in stages.items()
        if stage["total"] is not None and stage["state"] == "running"
    ]


def test_the_last_line_is_the_detail():
    assert feed("hello", "world") == [Detail("hello"), Detail("world")]


@pytest.mark.parametrize(
    "lines",
    [
        ["disk 93% full"],
        ["/dev/sda1 93% /", "/dev/sdb1 12% /home", "load 30%", "memory 80%"],
        [
            f"  adding: {name}.py (deflated {share}%)"
            for name, share in zip("abcde", range(40, 90, 9))
        ],
        [
            f"{name}.tar : {share}.31%   ( 1000 =>  234, x)"
            for name, share in zip("abc", (12, 23, 45))
        ],
        ["12% done", "note: 12% done"],
        ["cpu 10%", "cpu 20%", "cpu 30%", "cpu 40%"],
        ["2026/11/29", "1/2 cup of sugar", "lib/a/1/2"],
        ["Mem: 2.5 GB / 16 GB", "Mem: 2.6 GB / 16 GB", "Mem: 2.7 GB / 16 GB"],
        ["[5/10] a", "[4/10] b", "[6/10] c", "[3/10] d", "[7/10] e"],
        [f"mod{n}.py   {100 + n}   {30 - n}   {70 + n}%" for n in range(9)],
        [f"/dev/sda{n} 9000 {n}00 {n * 5}% /mnt" for n in range(1, 9)],
        [f"10.0.0.{n}: {n}/20 packets received" for n in range(1, 9)],
        [f"suite{n}: {n} of 40 tests passed" for n in range(1, 9)],
        [f"web-{n} {n}/12 Running" for n in range(1, 9)],
        [f"f{n}.png: {n}.2 kB / 12 kB" for n in range(1, 9)],
        [f"Connection refused, retrying ({n}/10)" for n in range(1, 9)],
        [f"attempt {n}/5" for n in range(1, 5)],
        [f"waiting for db... {n}/30" for n in range(1, 9)],
        [f"{n}/100 connections" for n in range(1, 9)],
        [f"Score: {n}/10" for n in range(1, 9)],
        [f"node3 humidity {n}%" for n in range(1, 9)],
        [f"Using /dev/sda{n} {n}%" for n in range(1, 9)],
        [f"/dev/sda1 {n}% of 100G in use" for n in range(60, 69)],
        ["copy 10%", "copy 25%"],
        ["copy 10%", "something else", "copy 25%", "something else", "copy 35%"],
    ],
)
def test_a_number_that_proves_nothing_is_not_shown(lines):
    assert numbers(*lines) == []


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["copy 10%", "copy 25%", "copy 35%"], ("copy", 35, 100)),
        (["a1.so 10%", "a1.so 25%", "a1.so 35%"], ("so", 35, 100)),
        (["Building x1.c (1/9)", "Building x2.c (2/9)", "Building x3.c (3/9)"], ("Building", 3, 9)),
        ([f"Migrating table_{n}... {4 * n}% complete" for n in (1, 2, 3)], ("Migrating", 12, 100)),
        ([f"Processing img{n}.jpg {n}/40" for n in (1, 2, 3)], ("Processing", 3, 40)),
        (["10 %", "25 %", "35 %"], ("Run", 35, 100)),
        (["[1/30] a.c", "[2/30] b.c", "[3/30] c.c"], ("Run", 3, 30)),
        (["(1/30)", "(2/30)", "(5/30)"], ("Run", 5, 30)),
        (["file 1 of 9", "file 2 of 9", "file 3 of 9"], ("File", 2, 9)),
        (["1/9", "2/9", "3/9"], ("Run", 3, 9)),
        (["Compiling a (1/9)", "Compiling b (2/9)", "Compiling c (3/9)"], ("Compiling", 3, 9)),
        (["Epoch 1/4"], ("Epoch", 0, 4)),
        (["Epoch 1/4: loss=0.3"], ("Epoch", 1, 4)),
        (["step 3/40", "step 4/40", "step 5/40"], ("Step", 4, 40)),
        (["1.0 MB / 9 MB", "2.5 MB / 9 MB", "5 MB / 9 MB"], ("Run", 5_000_000, 9_000_000)),
        (["2/100 MB", "3/100 MB", "4.5/100 MB"], ("Run", 4_500_000, 100_000_000)),
        (["get x: [##    ] 20%", "get x: [###   ] 30%"], ("get", 30, 100)),
        (["work ━━━━╺━━━━  20% 0:00:03", "work ━━━━╸━━━━  40% 0:00:02"], ("work", 40, 100)),
        (["on 30: |███⚠︎    | 30/100 [30%] in 3.2s (9.3/s)"], ("Run", 30, 100)),
        (["install:  40%|████      | 12/30 [00:00<00:00, 32.97pkg/s]"], ("install", 12, 30)),
        ([" 40%|████      | 12/30 [00:00<00:00, 32.97it/s]"], ("Run", 12, 30)),
        (["x.bin:  25%|██▌  | 12.5M/50.0M [00:01<00:03, 12.5MB/s]"], ("x.bin", 12.5e6, 50e6)),
    ],
)
def test_progress_that_is_proved_is_shown(lines, shown):
    assert numbers(*lines)[-1] == shown


def test_a_redrawn_bar_is_not_interrupted_by_other_rows():
    lines = ["all 10%", "spinner", "all 20%", "spinner", "all 30%"]
    assert numbers(*lines, source=DRAWN) == [("Run", 30, 100)]
    assert numbers(*lines, source=OUTPUT) == []


def test_a_count_that_falls_is_unknown_again():
    played = folded("[1/9] a", "[2/9] b", "[3/9] c", "[2/9] d", end=False)
    assert Withdrawn("Run") in played.events
    assert played.stages["Run"]["total"] is None


def test_a_count_that_falls_twice_is_never_believed_again():
    rise = ["[1/9] a", "[2/9] b", "[3/9] c"]
    assert numbers(*rise, "[2/9] d", "[3/9] e", "[4/9] f") == [("Run", 4, 9)]
    assert numbers(*rise, *rise, *rise, *rise) == []


def test_work_that_goes_on_after_its_end_is_unknown_again():
    lines = ["1/3 a", "2/3 b", "3/3 c"]
    assert numbers(*lines) == [("Run", 3, 3)]
    assert numbers(*lines, "Linking") == []


def test_a_success_was_complete_though_lines_followed():
    lines = ["1/3 a", "2/3 b", "3/3 c", "Bye."]
    assert folded(*lines).counts() == {"Run": (3, 3, "completed")}
    assert folded(*lines, exit_status=1).counts() == {"Run": (None, None, "running")}


def test_only_the_first_count_that_comes_to_its_end_was_of_the_whole():
    first, second = [f"{n}/3 a" for n in (1, 2, 3)], [f"{n}/4 b" for n in (1, 2, 3)]
    assert numbers(*first, "next", *second) == []


@pytest.mark.parametrize("form", ["[{n}/9] a", "{n}0 %", "[{bar:<9}] {n}0%"])
def test_a_count_that_goes_around_again_was_a_part_each_time(form):
    around = [form.format(n=n, bar="#" * (n + 2)) for n in range(1, 10)]
    if "%" in form:
        around.append(form.format(n=10, bar="#" * 9))
    assert numbers(*around, source=DRAWN) != []
    for times in range(2, 5):
        assert numbers(*around * times, source=DRAWN) == []


def test_a_table_that_is_printed_at_once_is_no_progress():
    table = ["  50%    12", "  66%    13", "  75%    14", "  99%    25"]
    machine, played = generic.Parser(), Played()
    machine.note_time(3.0)
    for line in table:
        played.take(machine.feed(line, OUTPUT))
    assert all(stage["total"] is None for stage in played.stages.values())


def test_a_unit_holds_only_for_its_line():
    events = feed("1/9 a", "2/9 a", "3/9 a")
    assert events[-1] == StageMoved("Run", 3, 9, "a", "")


def bar(label, done, total, unit="it"):
    share = 100 * done // total
    return f"{label}{share:3}%|████| {done}/{total} [00:00<00:00, 3.1{unit}/s]"


def test_what_was_printed_before_a_count_is_over_when_it_takes_over():
    played = folded("loading", bar("train: ", 1, 9), end=False)
    assert played.counts() == {"Run": (0, None, "completed"), "train": (1, 9, "running")}


def test_a_bar_inside_another_is_a_stage_of_its_stage():
    lines = [
        bar(label, done, total)
        for epoch in range(2)
        for label, done, total in [
            ("epochs: ", epoch, 3),
            *(("batches: ", batch, 40) for batch in (0, 10, 40)),
        ]
    ]
    played = folded(*lines, end=False)
    assert played.counts() == {"epochs": (1, 3, "running"), "batches": (40, 40, "running")}
    assert played.stages["batches"]["parent"] == "epochs"
    assert played.dones("epochs") == [0, 1]


def test_a_bar_that_is_drawn_while_an_epoch_goes_on_is_inside_it():
    bars = [f"{batch}/90 [=====>....] - ETA: 3s - loss: 0.5" for batch in (30, 60, 90)]
    stages = folded("Epoch 1/4", *bars, "Epoch 2/4", *bars, source=DRAWN, end=False).stages
    assert (stages["Epoch"]["done"], stages["Epoch"]["total"]) == (1, 4)
    inner = stages["Inner loop"]
    assert (inner["done"], inner["total"], inner["parent"]) == (90, 90, "Epoch")


def test_thousands_may_be_apart():
    lines = [f"Processed {n},000 of 40,000 rows" for n in (9, 10, 11)]
    assert numbers(*lines) == [("Run", 11_000, 40_000)]


def test_bars_without_a_label_are_told_apart_by_their_totals():
    played = folded(bar("", 0, 3), bar("", 5, 40), bar("", 10, 40), bar("", 1, 3), end=False)
    assert played.counts() == {"Run": (1, 3, "running"), "Inner loop": (10, 40, "running")}
    assert played.stages["Inner loop"]["parent"] == "Run"


def test_files_that_are_fetched_at_once_stand_beside_one_another():
    lines = [bar(f"{name}: ", done, 40, "MB") for done in (1, 2) for name in ("one", "two")]
    played = folded(*lines, end=False)
    assert [stage["parent"] for stage in played.stages.values()] == [None, None]
    assert played.dones("one") == [1, 2]


def test_a_bar_that_is_complete_ends_when_the_next_begins():
    lines = ["reading sources... [ 50%] a", "reading sources... [ 75%] b"]
    lines += [
        "reading sources... [100%] c",
        "looking for files... none",
        "writing output... [ 10%] a",
    ]
    lines += ["writing output... [ 20%] b", "writing output... [ 30%] c"]
    played = folded(*lines, end=False)
    assert played.counts()["reading sources"] == (100, 100, "completed")
    assert played.counts()["writing output"] == (30, 100, "running")


def test_the_reading_of_a_database_is_not_the_whole():
    lines = [f"(Reading database ... {share}%" for share in range(5, 105, 5)]
    played = folded(*lines, "(Reading database ... 173 files installed.)", end=False)
    assert played.counts()["Reading database"] == (100, 100, "completed")
    assert all(stage["total"] is None for name, stage in played.stages.items() if name == "Run")


def test_a_label_shows_no_address_and_no_setting():
    lines = [f"https://me:pw@host/x token=abc get {share}%" for share in (10, 20, 30)]
    assert numbers(*lines) == [("get", 30, 100)]


def test_a_thousand_labels_make_few_stages():
    lines = [bar(f"file {chr(97 + n % 26) * 2}{chr(97 + n // 26) * 3}: ", 5, 9) for n in range(500)]
    assert len(folded(*lines).stages) <= generic.LABELLED + 1


def test_osc_9_4_is_believed_at_once_and_then_nothing_else():
    events = feed(PROGRESS_MARK + "1;42", "[1/30] a", "[2/30] b", "[3/30] c")
    assert events[0] == StageMoved("Run", 42, 100, None, "%")
    assert all(isinstance(event, Detail) for event in events[1:])


def test_an_indeterminate_mark_makes_up_no_number():
    assert generic.Parser().feed(PROGRESS_MARK + "3;0", OUTPUT) == []


def test_a_mark_that_is_removed_leaves_no_number():
    assert feed(PROGRESS_MARK + "1;42", PROGRESS_MARK + "0;0")[-1] == Withdrawn("Run")


def test_a_known_tools_output_is_recognised_when_run_by_a_stranger():
    assert play(generic.Parser(), "ninja.out").counts() == {"Run": (9, 9, "completed")}
    assert play(generic.Parser(), "curl-bar.pty").counts() == {"Run": (100, 100, "completed")}


def test_a_surer_measure_with_the_label_of_another_begins_its_stage_anew():
    lines = [f"copy: {share}%|█| {share}/0 [0:0<0]" for share in (7, 8, 9)]
    assert numbers(*lines) == [("copy", 9, 100)]
    assert numbers(*lines, "copy: 50%|█| 2/4 [0:0<0]") == [("copy", 2, 4)]
    assert numbers(*lines, "copy: 50%|█| 2/4 [0:0<0]", *lines) == [("copy", 2, 4)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["{n}/{m}", "x [{n}/{m}] y", "get {n}%", "one: {n}%|█| {n}/{m} [0:0<0]"]
            ),
            st.integers(0, 12),
            st.integers(0, 12),
            st.sampled_from([OUTPUT, DRAWN]),
        )
    )
)
def test_no_count_that_is_shown_falls_or_passes_its_total(lines):
    machine, played = generic.Parser(), Played()
    for form, n, m, source in lines:
        before = {name: stage["done"] for name, stage in played.stages.items()}
        events = machine.feed(form.format(n=n, m=m), source)
        played.take(events)
        begun = {
            event.name for event in events if not isinstance(event, (StageMoved, Detail, Untold))
        }
        for name, stage in played.stages.items():
            if stage["total"] is not None:
                assert stage["done"] <= stage["total"]
                if name not in begun and before.get(name):
                    assert stage["done"] >= before[name]


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("alive.pty", {"Cooking": (100, 100, "completed")}),
        ("click.pty", {"Copying": (100, 100, "completed")}),
        ("progressbar2.pty", {"Run": (60, 60, "completed")}),
        (
            "rich.pty",
            {"Downloading": (100, 100, "completed"), "Processing": (100, 100, "completed")},
        ),
        (
            "tqdm-nested.pty",
            {
                "Run": (0, None, "completed"),
                "epochs": (3, 3, "completed"),
                "batches": (40, 40, "completed"),
            },
        ),
        (
            "tqdm-scale.err",
            {"x.bin": (300, 300, "completed"), "model.bin": (30e6, 30e6, "completed")},
        ),
    ],
)
def test_the_bars_of_libraries_are_read(name, stages):
    assert play(generic.Parser(), name).counts() == stages


@pytest.mark.parametrize("name", ["zip.out", "unzip.out", "ffmpeg.pty", "borg.pty"])
def test_what_a_strangers_output_does_not_prove_is_no_share(name):
    assert all(stage["total"] is None for stage in play(generic.Parser(), name).stages.values())


@pytest.mark.parametrize(("last", "status", "done"), [(5, 0, 5), (5, 1, 4), (3, 0, 2)])
def test_the_last_step_that_was_announced_is_done_once_the_command_has_succeeded(
    last, status, done
):
    played = say_to("./job", *(f"step {n}/5" for n in range(1, last + 1)), exit_status=status)
    assert played.figures() == {"Step": (done, 5, "")}


@pytest.mark.parametrize(
    ("lines", "untold"),
    [
        ([f"alpha.bin: {share}%" for share in (5, 10, 15, 20)], True),
        ([f"copy /srv/a.tar.gz {done}/40 MB" for done in (5, 10, 15, 20)], True),
        ([f"part2.bin: {share}%" for share in (5, 10, 15, 20)], True),
        ([f"Compiling: {share}%" for share in (5, 10, 15, 20)], False),
        ([f"Converting page{done}.tif {done}/9" for done in (1, 2, 3, 4)], False),
        ([f"{share}% done" for share in (5, 10, 15, 20)], False),
        ([f"data.bin: {share}%|###   | {share}/100 [00:01<00:09]" for share in (5, 10)], False),
        ([f"data.bin: {n}%|# | {n}MB/100MB [00:01<00:09, 1MB/s]" for n in (5, 10)], True),
    ],
)
def test_a_count_of_one_file_is_not_that_of_the_whole(lines, untold):
    machine = generic.Parser()
    events = [event for line in lines for event in machine.feed(line, DRAWN)]
    assert any(isinstance(event, StageMoved) for event in events)
    assert any(isinstance(event, Untold) for event in events) is untold


def test_phases_are_stages_by_their_label_and_none_is_the_whole():
    lines = [f"Phase {phase}: {share} %" for phase in "AB" for share in range(0, 91, 15)]
    played = folded(*lines, end=False)
    assert Untold() in played.events
    assert played.stages["Phase A"]["state"] == "completed"
    assert played.stages["Phase B"]["state"] == "running"


def test_a_bar_that_begins_again_is_one_at_a_time_and_no_more_the_whole():
    bar = [f"batch: {n * 25}%|##| {n}/4 [00:01<00:02,  9.9it/s]" for n in range(5)]
    machine = generic.Parser()
    first = [event for line in bar for event in machine.feed(line, DRAWN)]
    assert Untold() not in first
    again = machine.feed(bar[0], DRAWN)
    assert again[:3] == [Untold(), StageEnded("batch"), StageStarted("batch", 4)]


def test_a_phase_behind_another_is_not_the_whole():
    lines = [
        f"{doing}: {share} %" for doing in ("Loading", "Packing") for share in (9, 50, 70, 100)
    ]
    machine = generic.Parser()
    told = [Untold() in machine.feed(line, OUTPUT) for line in lines]
    assert told == [False] * 6 + [True, False]


def test_items_that_print_more_than_their_number_are_counted():
    lines = [line for n in range(1, 5) for line in (f"layer {n}/9", f"  digest {n * 7:x}", "  ok")]
    assert numbers(*lines)[-1] == ("layer", 4, 9)
