from showcase import NOW, operation, stage

from headway_viewer.terminal.pools import IDLE, JUST_ENDED, Pool, Pools

PARENT = 70


def task(identity, pid, state="running", *, started=-8.0, ended=None, done=80, name="rows"):
    made = operation(identity, name, state, started=started, ended=ended, pid=pid)
    stage(made, "rows", "running" if ended is None else "completed", done=done)
    return made


def ended(made, seconds=0.0, state="completed"):
    made.state, made.ended = state, NOW + seconds
    return made


def test_a_pool_is_taken_once_none_of_it_is_open():
    pools = Pools()
    tasks = [task(f"t{k}", 71 + k % 4) for k in range(8)]
    for made in tasks:
        pools.begin(made, PARENT)
    for made in tasks[:-1]:
        assert pools.end(ended(made), NOW)
    assert not pools.idle
    assert pools.take(NOW + 5) == []
    pools.end(ended(tasks[-1]), NOW)
    assert pools.idle
    [pool] = pools.take(NOW)
    assert pool.operations == tasks
    assert pool.workers == 4
    assert pool.seconds == 8.0
    assert not pools.idle


def test_the_next_task_of_an_idle_pool_belongs_to_it():
    pools = Pools()
    first, second = task("a", 71), task("b", 71)
    pools.begin(first, PARENT)
    pools.end(ended(first), NOW)
    assert pools.take(NOW + IDLE / 2) == []
    pools.begin(second, PARENT)
    assert pools.take(NOW + 1) == []
    pools.end(ended(second, 1), NOW + 1)
    [pool] = pools.take(NOW + 2)
    assert pool.operations == [first, second]


def test_pools_are_told_apart_by_parent_and_by_name():
    pools = Pools()
    tasks = [task("a", 71), task("b", 72), task("c", 73, name="columns")]
    for made, parent in zip(tasks, (PARENT, PARENT + 1, PARENT)):
        pools.begin(made, parent)
        pools.end(ended(made), NOW)
    assert [pool.operations for pool in pools.take(NOW + 1)] == [[made] for made in tasks]


def test_a_receipt_that_comes_late_is_printed_while_a_worker_waits_for_it():
    pool = Pool([ended(task("a", 71))])
    late = NOW + JUST_ENDED + 1
    assert pool.leaves_receipt(NOW, lambda _: False)
    assert not pool.leaves_receipt(late, lambda _: False)
    assert pool.leaves_receipt(late, lambda made: made.pid == 71)
    pool.operations[0].receipt = False
    assert not pool.leaves_receipt(NOW, lambda _: True)


def test_what_failed_has_a_receipt_of_its_own():
    pools = Pools()
    good, bad = task("a", 71), task("b", 72)
    for made in (good, bad):
        pools.begin(made, PARENT)
    assert not pools.end(ended(bad, state="failed"), NOW)
    assert pools.end(ended(good), NOW)
    [pool] = pools.take(NOW + 1)
    assert pool.operations == [good]


def test_what_is_no_worker_is_left_alone():
    pools = Pools()
    assert not pools.end(ended(task("a", 71)), NOW)
    assert pools.take(NOW + 1) == []


def test_a_pool_whose_operations_were_removed_is_gone():
    pools = Pools()
    pools.begin(task("a", 71), PARENT)
    pools.forget("a")
    assert pools.take(NOW) == []
    assert not pools.idle


def test_the_ranks_of_a_job_are_one_and_those_of_its_next_loop_another():
    pools = Pools()
    for job in ("7.1.1", "7.1.2"):
        for number in range(2):
            pools.begin(task(f"{job}{number}", 71 + number), job)
    for number in range(2):
        pools.end(ended(task(f"7.1.1{number}", 71 + number)), NOW)
    [pool] = pools.take(NOW)
    assert [made.id for made in pool.operations] == ["7.1.10", "7.1.11"]
