"""A pool of mpire with its bar, and one whose third job fails."""

import time

from mpire import WorkerPool


def render(number):
    time.sleep(0.005)
    return number * number


def fail(number):
    if number == 2:
        raise ValueError("no such page")
    return render(number)


if __name__ == "__main__":
    with WorkerPool(n_jobs=2) as pool:
        done = pool.map(
            render, range(100), progress_bar=True, progress_bar_options={"desc": "Render"}
        )
    print(sum(done))
    with WorkerPool(n_jobs=2) as pool:
        pool.map(fail, range(50), progress_bar=True, progress_bar_options={"desc": "Fail"})
