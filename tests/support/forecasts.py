"""Runs that are played to a forecast, and the history that they teach."""

from __future__ import annotations

from headway.estimate import Forecast


def perform(
    history=(), *, stages=(("fetch", 10.0, 100), ("build", 30.0, None)), pace=1.0, step=0.5
):
    """Run the stages one after another; return the forecast, its answers and its lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    for i, (name, _, _) in enumerate(stages):
        forecast.observe(i, name, None, "pending", 0, None, None, 0.0)
    now = 0.0
    answers = []
    for i, (name, usual, total) in enumerate(stages):
        seconds = usual * pace
        begin = now
        forecast.observe(i, name, None, "running", 0, total, "file", begin)
        while now < begin + seconds:
            share = (now - begin) / seconds
            if total:
                forecast.observe(i, name, None, "running", int(share * total), total, "file", now)
            answers.append((now, forecast.estimate(now), forecast.progress(now)))
            now += step
        now = begin + seconds
        forecast.observe(i, name, None, "completed", total or 0, total, "file", now)
    return forecast, answers, forecast.finish("completed", now)


def taught(*paces):
    history = []
    for pace in paces:
        history.append(perform(history, pace=pace)[2])
    return history


def even_run(history, seconds, total=100, until=None):
    """Play a stage that counts evenly, ask twice a second; return forecast and lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, total, "file", 0.0)
    for tick in range(1, int(2 * (until or seconds)) + 1):
        now = tick / 2
        forecast.observe(1, "copy", None, "running", total * now / seconds, total, "file", now)
        forecast.estimate(now)
    if until is not None:
        return forecast, None
    forecast.observe(1, "copy", None, "completed", total, total, "file", seconds)
    return forecast, forecast.finish("completed", seconds)


def play(history, happened, until=None, ending="completed"):
    """Let (time, stage, name, parent, state, done, total) happen; return forecast and lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    now = 0.0
    attempts, counts = {}, {}
    for time, stage, name, parent, state, done, total in happened:
        if until is not None and time > until:
            return forecast, None
        while now + 0.5 < time:
            now += 0.5
            forecast.estimate(now)
        now = time
        again = state == "running" and done == 0 < counts.get(stage, 0)
        attempts[stage] = attempt = attempts.get(stage, 1) + again
        counts[stage] = done
        forecast.observe(stage, name, parent, state, done, total, "file", time, attempt)
        forecast.estimate(time)
    if until is not None:
        forecast.estimate(until)
        return forecast, None
    return forecast, forecast.finish(ending, now)


def counted(stage, name, begin, end, total, parent=None, steps=20):
    happened = [(begin, stage, name, parent, "running", 0, total)]
    for i in range(1, steps):
        at = begin + (end - begin) * i / steps
        happened.append((at, stage, name, parent, "running", total * i // steps, total))
    happened.append((end, stage, name, parent, "completed", total, total))
    return happened


def learned(happened, times=3):
    history = []
    for _ in range(times):
        history.append(play(history, happened)[1])
    return history


def merged(*parts):
    return sorted((line for part in parts for line in part), key=lambda line: line[0])
