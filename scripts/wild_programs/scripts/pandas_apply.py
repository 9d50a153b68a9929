"""pandas with tqdm's progress_apply, progress_map and by groups."""

import pandas
from tqdm.auto import tqdm

if __name__ == "__main__":
    tqdm.pandas(desc="rows")
    table = pandas.DataFrame({"group": [n % 10 for n in range(2000)], "n": range(2000)})
    squares = table["n"].progress_apply(lambda n: n * n)
    print(int(squares.sum()), int(table["n"].progress_map(lambda n: n + 1).sum()))
    table.progress_apply(lambda row: row["n"], axis=1)
    print(table.groupby("group")["n"].progress_apply(lambda rows: rows.sum()).to_list())
