"""tqdm's process_map and thread_map, one that fails, and a bar that is left."""

import sys
import time

from tqdm import tqdm
from tqdm.contrib.concurrent import process_map, thread_map


def square(number):
    time.sleep(0.005)
    return number * number


def fail(number):
    if number == 7:
        raise ValueError("no such row")
    return number


if __name__ == "__main__":
    print(sum(process_map(square, range(60), max_workers=2, chunksize=5, desc="processes")))
    print(sum(thread_map(square, range(60), max_workers=2, desc="threads")))
    try:
        thread_map(fail, range(20), max_workers=1, desc="fails")
    except ValueError as error:
        print(error)
    for number in tqdm(range(30), desc="left"):
        if number == 12:
            break
    sys.exit(3)
