from showcase import NOW, operation, stage

from headway_viewer.notify.jobs import MAX_JOBS, Entry, Job, Jobs, entries


def jobs_of(*operations):
    jobs = Jobs()
    jobs.absorb(operations)
    return jobs


def test_what_lasts_is_a_job_with_its_stage_and_its_progress():
    made = operation("a", "apt upgrade", progress=0.54, host="here", pid=7)
    stage(made, "Unpack")
    assert jobs_of(made).wanted(NOW) == {
        "a": Job("apt upgrade", "Unpack", 54, asks=False, host="here", pid=7)
    }


def test_short_work_is_none_and_it_is_known_when_it_will_be_one():
    jobs = jobs_of(operation("a", "x", started=-2.0))
    assert jobs.wanted(NOW) == {}
    assert jobs.deadline(NOW) == 3.0
    assert list(jobs.wanted(NOW + 3)) == ["a"]
    assert jobs.deadline(NOW + 3) is None


def test_what_ended_is_gone_or_removed_or_a_child_or_not_to_be_told_is_none():
    jobs = jobs_of(operation("a", "x"), operation("b", "y"))
    jobs.absorb([operation("a", "x", "completed", ended=0.0)], ["b"])
    jobs.absorb([operation("c", "z", parent="a/1"), operation("d", "w", notify=False)])
    assert jobs.wanted(NOW) == {}


def test_a_question_is_what_it_is_doing():
    made = operation("a", "apt", "waiting")
    made.reason = "an answer: continue?"
    (job,) = jobs_of(made).wanted(NOW).values()
    assert job.asks
    assert "continue?" in job.doing


def test_a_list_of_jobs_has_an_end():
    jobs = jobs_of(*(operation(f"o{n}", "x") for n in range(100)))
    assert len(jobs.wanted(NOW)) == MAX_JOBS


def test_an_icon_has_the_progress_of_a_sole_job_and_of_several_their_number():
    one = Job("x", "", 40, asks=False, host=None, pid=None)
    asking = one._replace(asks=True)
    assert entries({"a": one}, {"a": "kitty.desktop"}) == {
        "kitty.desktop": Entry(1, 40, urgent=False)
    }
    assert entries({"a": one, "b": asking, "c": one}, {"a": "k", "b": "k"}) == {
        "k": Entry(2, None, urgent=True)
    }
