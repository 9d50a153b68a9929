from __future__ import annotations

import json
import subprocess
import sys

import pytest

from headway_viewer.commands import replay
from headway_viewer.public_json.reader import changes


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def trace(path, seconds=20.0, total=100):
    def line(t, stage, done, total, state, **more):
        unit = "file"
        return dict(
            t=t, op="copy", stage=stage, done=done, total=total, unit=unit, state=state, **more
        )

    lines = [line(0, "", 0, 2, "plan", plan=["read", "write"], cond="")]
    lines.append(line(0.0, "read", 0, total, "start"))
    for i in range(1, 10):
        lines += [line(seconds / 2 * i / 10, "read", total * i // 10, total, "run")]
    lines.append(line(seconds / 2, "read", total, total, "done"))
    lines.append(line(seconds / 2, "write", 0, None, "start"))
    lines.append(line(seconds, "write", 0, None, "done"))
    lines.append(line(seconds, "", 0, None, "end"))
    return write(path, lines)


def answers(capsys, *argv):
    assert replay.main(list(argv)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_line_a_tick_from_the_beginning_to_the_end(tmp_path, capsys):
    said = answers(capsys, trace(tmp_path / "a"), "--estimates", "--tick", "0.5")
    assert [line["t"] for line in said] == [i / 2 for i in range(40)]
    assert set(said[0]) == {"t", "op", "low", "median", "high", "basis", "runs", "progress"}
    assert {line["op"] for line in said} == {"copy"}


def test_the_folder_of_earlier_runs_is_learned_first(tmp_path, capsys):
    (tmp_path / "history").mkdir()
    trace(tmp_path / "history" / "000.jsonl")
    trace(tmp_path / "history" / "001.jsonl")
    said = answers(
        capsys, trace(tmp_path / "a"), "--estimates", "--history", str(tmp_path / "history")
    )
    assert said[0]["runs"] == 2
    assert said[0]["basis"] == "history"
    assert said[0]["median"] == pytest.approx(20, rel=0.15)
    assert said[40]["progress"] == pytest.approx(0.5, abs=0.03)


def recording(path, *, cut=False):
    def operation(now, state, stages, ended=None):
        record = {
            "id": "abc",
            "name": "Copy",
            "key": "copy",
            "state": state,
            "started": 1000.0,
            "ended": ended,
        }
        record["stages"] = stages
        return {
            "schema": 1,
            "type": "operation",
            "instance": "i",
            "seq": 1,
            "time": 1000.0 + now,
            "operation": record,
        }

    def stage(state, done, started=1000.0, ended=None):
        return {
            "id": 7,
            "parent": None,
            "name": "read",
            "state": state,
            "done": done,
            "total": 10,
            "unit": "file",
            "started": started,
            "ended": ended,
            "attempt": 1,
        }

    lines = [
        {
            "schema": 1,
            "type": "snapshot",
            "instance": "i",
            "seq": 0,
            "time": 1000.0,
            "operations": [],
        }
    ]
    lines += [operation(i, "running", [stage("running", i)]) for i in range(10)]
    lines.append({"schema": 1, "type": "log", "time": 1009.5, "line": "noise"})
    lines.append(operation(10.0, "completed", [stage("completed", 10, ended=1010.0)], ended=1010.0))
    name = write(path, lines)
    if cut:
        with open(name, "a") as file:
            file.write('{"schema": 1, "type": "oper')
    return name


def test_a_recording_of_our_own_is_read_too(tmp_path, capsys):
    said = answers(capsys, recording(tmp_path / "r"), "--estimates", "--tick", "1")
    assert [line["t"] for line in said] == list(range(10))
    assert {line["op"] for line in said} == {"abc"}
    assert said[5]["median"] == pytest.approx(5, abs=1.5)
    assert said[5]["progress"] == pytest.approx(0.5)


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    kinds = [change.kind for change in changes(recording(tmp_path / "r", cut=True))]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"


def test_a_recording_teaches_the_next_one_under_its_key(tmp_path, capsys):
    (tmp_path / "history").mkdir()
    recording(tmp_path / "history" / "0")
    said = answers(
        capsys, recording(tmp_path / "r"), "--estimates", "--history", str(tmp_path / "history")
    )
    assert said[0]["runs"] == 1
    assert said[0]["median"] == pytest.approx(10, rel=0.3)


def test_a_file_that_is_neither_is_said_in_one_line(tmp_path, capsys):
    path = write(tmp_path / "x", [{"hello": 1}])
    assert replay.main([path, "--estimates"]) == 1
    assert "neither a recording nor a trace" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "noise\n", '{"hello": 1}\n'])
def test_a_file_with_nothing_to_show_is_said_in_one_line(tmp_path, capsys, content):
    name = tmp_path / "x"
    name.write_text(content)
    assert replay.main([str(name)]) == 1
    assert capsys.readouterr().err == (
        f"headway replay: {name}: not a recording, so there is nothing to show\n"
    )


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path, capsys):
    name = str(tmp_path / "none")
    for options in ([], ["--estimates"]):
        assert replay.main([name, *options]) == 1
        assert capsys.readouterr().err == f"headway replay: {name}: No such file or directory\n"


@pytest.mark.parametrize("option", ["--speed", "--tick"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "fast"])
def test_a_pace_that_is_none_is_refused_in_words(capsys, option, value):
    with pytest.raises(SystemExit) as left:
        replay.main(["file", option, value])
    assert left.value.code == 2
    assert f"{value!r} is no number above 0" in capsys.readouterr().err


def test_a_replayed_operation_that_waits_stands_still_or_has_no_estimate(tmp_path, capsys):
    def line(time, state, reason, done):
        part = {"id": 1, "name": "s", "state": "running", "done": done, "total": 20, "started": 0.0}
        made = {"id": "a", "name": "x", "state": state, "reason": reason, "started": 0.0}
        return {"type": "operation", "time": time, "operation": {**made, "stages": [part]}}

    path = write(
        tmp_path / "r",
        [line(float(second), "running", None, second) for second in range(11)]
        + [line(10.0, "waiting", "the lock", 10), line(20.0, "waiting", "an answer", 10)]
        + [line(30.0, "running", None, 10), line(32.0, "running", None, 12)],
    )
    said = {line["t"]: line["median"] for line in answers(capsys, path, "--estimates")}
    assert said[12.0] == pytest.approx(said[18.0], rel=0.15)
    assert said[18.0] is not None
    assert said[25.0] is None
    assert said[31.0] == pytest.approx(said[18.0], abs=2)


@pytest.mark.parametrize("options", [[], ["--estimates"]])
def test_a_file_that_is_nested_without_end_is_refused_as_any_that_is_no_recording(
    tmp_path, options
):
    path = tmp_path / "deep"
    path.write_text("[" * 100_000)
    command = [sys.executable, "-m", "headway_viewer.commands.replay", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"headway replay: {path}: no")
    assert len(done.stderr.splitlines()) == 1
