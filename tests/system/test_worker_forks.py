"""Programs of several processes: forked, spawned, pooled, started by a shell."""

import sys

import pytest
from machine import until

METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize(
    "ending", ["os._exit(0)", "sys.exit(0)", "sys.exit(5)", "raise ValueError", "return"]
)
def test_a_forked_child_never_ends_its_parents_operation(machine, listener, ending):
    code = f"""
        import headway, os, sys, time
        def main():
            with headway.operation("Work") as op, op.stage("Step", total=100) as stage:
                stage.advance(10)
                if os.fork() == 0:
                    stage.advance(5)
                    op.fail("no")
                    stage.complete()
                    {ending}
                os.wait()
                stage.advance(10)
                print("still", op.state, stage.state, stage.done)
        main()
    """
    status, out, _ = machine.run(code)
    assert (status, out) == (0, "still running running 20\n")
    operation = listener.named("Work")
    assert operation.state == "completed"
    stage = listener.stage(operation, "Step")
    assert stage.done == 20
    assert list(listener.shares[operation.id, stage.id].values()) == [5]
    assert len(listener.operations) == 1


def test_what_forked_children_count_is_their_share(machine, listener):
    code = """
        import headway, multiprocessing, sys
        multiprocessing.set_start_method("fork")
        def work(n):
            for _ in range(n):
                stage.advance()
        with headway.operation("Work") as op, op.stage("Step", total=100) as stage:
            stage.advance(7)
            children = [multiprocessing.Process(target=work, args=(1000 + i,)) for i in range(8)]
            for child in children: child.start()
            for child in children: child.join()
    """
    assert machine.run(code) == (0, "", "")
    operation = listener.named("Work")
    stage = listener.stage(operation, "Step")
    assert stage.done == 7
    until(lambda: len(listener.shares[operation.id, stage.id]) == 8)
    assert sorted(listener.shares[operation.id, stage.id].values()) == list(range(1000, 1008))


@pytest.mark.parametrize("method", METHODS)
def test_children_of_multiprocessing_join_the_stage_they_were_started_in(machine, listener, method):
    code = f"""
        import headway, multiprocessing
        def work(n):
            for _ in headway.track(range(n), "rows"):
                pass
        if __name__ == "__main__":
            multiprocessing.set_start_method({method!r})
            first = multiprocessing.Process(target=work, args=(3,))
            first.start(); first.join()
            with headway.operation("Work") as op:
                for name in ("A", "B"):
                    with op.stage(name):
                        child = multiprocessing.Process(target=work, args=(10,))
                        child.start(); child.join()
    """
    assert machine.run(code) == (0, "", "")
    work = until(lambda: listener.named("Work"))
    children = {op.parent: op for op in listener.operations.values() if op is not work}
    a, b = (f"{work.id}/{stage.id}" for stage in work.stages.values())
    assert set(children) == {None, a, b}
    assert children[a].name == children[b].name == "rows"
    for child in children.values():
        (stage,) = child.stages.values()
        assert child.state == stage.state == "completed"
        assert stage.done == stage.total == (3 if child.parent is None else 10)


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_process_pool_report_and_end(machine, listener, method):
    code = f"""
        import headway, multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        def work(n):
            with headway.operation(f"task {{n}}"):
                return n
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            with headway.operation("Work"), ProcessPoolExecutor(2, mp_context=context) as pool:
                print(sum(pool.map(work, range(20))))
    """
    assert machine.run(code) == (0, "190\n", "")
    work = listener.named("Work")
    tasks = [op for op in listener.operations.values() if op is not work]
    assert len(tasks) == 20
    assert {task.parent for task in tasks} == {work.id}
    assert {task.state for task in tasks} == {"completed"}


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("how", ["fork", "spawn", "executor"])
def test_a_loop_that_ctrl_c_left_in_a_worker_is_cancelled(machine, listener, how, held):
    code = f"""
        import headway, multiprocessing, signal
        from concurrent.futures import ProcessPoolExecutor
        def work():
            for item in headway.track(range(5), "earlier"):
                if item == 2:
                    break
            if {held}:
                loop = headway.track(range(100), "loop")
                for item in loop:
                    stop(item)
            else:
                for item in headway.track(range(100), "loop"):
                    stop(item)
        def stop(item):
            if item == 7:
                signal.raise_signal(signal.SIGINT)
        if __name__ == "__main__":
            if {how!r} == "executor":
                with ProcessPoolExecutor(1) as pool:
                    print(type(pool.submit(work).exception()).__name__)
            else:
                worker = multiprocessing.get_context({how!r}).Process(target=work)
                worker.start()
                worker.join()
                print(worker.exitcode)
    """
    status, out, _ = machine.run(code)
    assert (status, out) == (0, "KeyboardInterrupt\n" if how == "executor" else "1\n")
    told = {one.name.rpartition(" ")[2]: one for one in listener.operations.values()}
    assert (told["loop"].state, told["loop"].reason) == ("cancelled", "stopped at 7 of 100")
    assert (told["earlier"].state, told["earlier"].reason) == ("completed", "stopped at 2 of 5")


def test_a_worker_that_a_pool_replaced_has_not_ended_while_it_works(machine, listener):
    """`Pool` forks a replacement from a daemon thread of its own."""
    code = """
        import headway, multiprocessing, os, time
        def work(n):
            with headway.operation(f"task {n}") as op, op.stage("Step", total=100) as stage:
                for _ in range(100):
                    time.sleep(0.01)
                    stage.advance()
            return os.getpid()
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
                print(len(set(pool.map(work, [1, 2], chunksize=1))))
                pool.close()
                pool.join()
    """
    assert machine.run(code) == (0, "2\n", "")
    for name in ("task 1", "task 2"):
        task = listener.named(name)
        (stage,) = task.stages.values()
        assert (task.state, stage.done) == ("completed", 100)


def test_a_program_started_inside_a_stage_is_told_by_the_environment(machine, listener):
    code = f"""
        import headway, subprocess, sys
        child = "import headway\\nwith headway.operation('child'): pass"
        with headway.operation("Work") as op:
            with op.stage("Step"):
                subprocess.run([{sys.executable!r}, "-c", child], check=True)
            for _ in op.track([1], "Loop"):
                subprocess.run([{sys.executable!r}, "-c", child.replace("child'", "looped'")])
            subprocess.run([{sys.executable!r}, "-c", child.replace("child'", "other'")])
        subprocess.run([{sys.executable!r}, "-c", child.replace("child'", "outside'")])
    """
    assert machine.run(code) == (0, "", "")
    work = listener.named("Work")
    step, loop = work.stages.values()
    assert listener.named("child").parent == f"{work.id}/{step.id}"
    assert listener.named("looped").parent == f"{work.id}/{loop.id}"
    assert listener.named("other").parent == work.id
    assert listener.named("outside").parent is None


def test_operations_side_by_side_are_nobodys_parent_but_by_env(machine, listener):
    code = f"""
        import headway, subprocess, sys
        child = "import headway, sys\\nwith headway.operation(sys.argv[1]): pass"
        one = headway.operation("One").start()
        two = headway.operation("Two").start()
        subprocess.run([{sys.executable!r}, "-c", child, "nobody's"])
        subprocess.run([{sys.executable!r}, "-c", child, "two's"], env=two.env())
        one.complete(); two.complete()
    """
    assert machine.run(code) == (0, "", "")
    assert listener.named("nobody's").parent is None
    assert listener.named("two's").parent == listener.named("Two").id


def test_forking_at_any_moment_hangs_nobody(machine, listener):
    code = """
        import headway, os, sys, threading, time, warnings
        with headway.operation("Work") as op, op.stage("Step") as stage:
            def churn():
                while churning:
                    stage.advance()
                    with op.stage("Churn"):
                        time.sleep(0.0005)
            churning = [True]
            warnings.simplefilter("ignore")  # of the threads that this program has itself
            thread = threading.Thread(target=churn)
            thread.start()
            forks = []
            def fork(n):
                for i in range(n):
                    pid = os.fork()
                    if pid == 0:
                        stage.advance(3)
                        with headway.operation("child"):
                            pass
                        sys.exit(0)
                    forks.append(pid)
                    time.sleep(0.002)
            fork(50)
            other = threading.Thread(target=fork, args=(50,))
            other.start(); other.join()
            bad = [status for status in (os.waitpid(pid, 0)[1] for pid in forks) if status]
            print(len(forks), bad)
            churning.clear()
            thread.join()
    """
    status, out, err = machine.run(code, timeout=50)
    assert (status, out, err) == (0, "100 []\n", "")
    work = listener.named("Work")
    children = [op for op in listener.operations.values() if op.name == "child"]
    assert len(children) == 100
    assert {child.state for child in children} == {"completed"}
    step = next(stage for stage in work.stages.values() if stage.name == "Step")
    assert {child.parent for child in children} <= {work.id, f"{work.id}/{step.id}"}
    shares = listener.shares[work.id, step.id]
    assert list(shares.values()) == [3] * 100


@pytest.mark.starts_broker
@pytest.mark.parametrize(
    "leaves",
    [
        "os.execv('/bin/true', ['true'])",
        "os.closerange(3, 256); os._exit(0)",
        "os.closerange(3, 256); sys.exit(0)",
    ],
)
def test_what_a_child_counted_is_kept_when_it_executes_or_closes_everything(machine, leaves):
    code = f"""
        import headway, os, sys
        with headway.operation("Work") as op, op.stage("Step", total=20) as stage:
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    stage.advance()
                    {leaves}
                os.waitpid(pid, 0)
    """
    assert machine.run(code) == (0, "", "")
    until(lambda: [one["stages"][0]["done"] for one in machine.operations()] == [20])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python warns since 3.12")
def test_no_fork_warns_of_our_threads_whatever_becomes_of_the_filters(machine, listener):
    code = """
        import headway, os, warnings
        for _ in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                for _ in headway.track(range(3), "rows"):
                    pass
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
    """
    assert machine.run(code) == (0, "", "")


@pytest.mark.slow
def test_a_thousand_children_are_forked_and_counted(machine, listener):
    code = """
        import headway, os, sys
        with headway.operation("Work") as op, op.stage("Step", total=1000) as stage:
            for start in range(0, 1000, 20):
                for _ in range(20):
                    if os.fork() == 0:
                        stage.advance()
                        sys.exit(0)
                for _ in range(20):
                    assert os.wait()[1] == 0
    """
    status, out, err = machine.run(code, timeout=200)
    assert (status, out, err) == (0, "", "")
    work = listener.named("Work")
    (shares,) = listener.shares.values()
    assert sum(shares.values()) == 1000
    assert work.state == "completed"


def test_children_without_anything_to_report_start_nothing(machine, listener):
    code = """
        import headway, os, threading
        with headway.operation("Work"):
            pid = os.fork()
            if pid == 0:
                os._exit(threading.active_count() - 1)
            print(os.waitpid(pid, 0)[1])
    """
    assert machine.run(code) == (0, "0\n", "")
    assert listener.ended("Work")  # which may stand in a file
    assert len({hello.session for hello in listener.sessions.values()}) == 1


@pytest.mark.starts_broker
def test_our_threads_import_nothing_without_the_lock_that_a_fork_takes(machine):
    # Who imports a module in the child of which our thread had run half finds half of it.
    code = """
        import sys, threading
        main, bare = threading.get_ident(), []
        import headway
        from headway.host import importing
        from headway.reporting.reporter import reporter

        def note(event, arguments):
            own = threading.get_ident()
            if event == "import" and own != main:
                held = (repr(lock) for lock in (importing.lock, reporter().lock))
                if not any(f"owner={own} " in text and "unlocked" not in text for text in held):
                    bare.append(arguments[0])

        sys.addaudithook(note)
        with headway.operation("Work") as op, op.stage("Step", total=3) as stage:
            stage.advance(3)
            while reporter().publisher.welcome is None:
                pass
            op.log("a line")
        print(sorted(set(bare)))
    """
    assert machine.run(code) == (0, "[]\n", "")
