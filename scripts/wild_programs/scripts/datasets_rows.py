"""Map with one and with two processes, filter, and save a data set."""

import os
import tempfile

from datasets import Dataset, load_from_disk


def square(row):
    return {"square": row["n"] ** 2}


def is_even(row):
    return row["n"] % 2 == 0


if __name__ == "__main__":
    rows = Dataset.from_dict({"n": list(range(5000))})
    rows = rows.map(square, desc="Square")
    rows = rows.map(square, num_proc=2, desc="Again")
    rows = rows.filter(is_even)
    with tempfile.TemporaryDirectory() as folder:
        rows.save_to_disk(os.path.join(folder, "rows"))
        again = load_from_disk(os.path.join(folder, "rows"))
        again.to_csv(os.path.join(folder, "rows.csv"))
        print(len(again), sum(again["square"]), os.path.getsize(os.path.join(folder, "rows.csv")))
