from headway_viewer.terminal.jobs import Process, ancestors, group


def process(pid, parent, name="sh", started=100.0, state="S"):
    return Process(pid, name, state, parent, 1, 34816, started)


def table(*processes):
    return {one.pid: one for one in processes}


OWN = process(9, 1, "headway", 105.0)


def test_a_job_is_a_process_with_all_that_it_has_started():
    processes = table(process(2, 1, "make"), process(3, 2), process(4, 3, "cc"), process(5, 1))
    jobs = group(OWN, processes, {2: "", 3: "", 4: "", 5: ""})
    assert [(job.name, job.members) for job in jobs] == [("make", {2, 3, 4}), ("sh", {5})]
    assert jobs[0].age == 5.0


def test_those_that_are_headway_run_are_told_apart():
    processes = table(process(2, 1, "make"), process(3, 2, "headway"), process(4, 2, "headway"))
    [job] = group(OWN, processes, {2: "", 3: "run", 4: "run"})
    assert job.runs == {3, 4}


def test_a_headway_that_starts_no_operation_is_no_job():
    processes = table(process(2, 1, "headway"), process(3, 1, "headway"), process(4, 1, "python"))
    jobs = group(OWN, processes, {2: "notify", 3: "view", 4: "run"})
    assert [job.name for job in jobs] == ["headway run"]


def test_the_ancestors_of_a_process_end_at_what_is_not_known():
    processes = table(OWN, process(1, 0, "bash"))
    assert ancestors(OWN, processes) == {9, 1}
    loop = process(7, 7)
    assert ancestors(loop, table(loop)) == {7}


def test_a_process_that_is_stopped_or_dead_runs_no_more():
    assert [process(2, 1, state=state).stopped for state in "RSDTZ"] == [0, 0, 0, 1, 1]
