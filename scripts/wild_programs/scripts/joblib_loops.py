"""joblib's processes with a bar around the jobs and one in each, and scikit-learn's search."""

import time

from joblib import Parallel, delayed
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ParameterGrid
from tqdm import tqdm
from tqdm.auto import trange


def render(page):
    for _ in trange(10, desc="lines", leave=False):
        time.sleep(0.002)
    return page * page


if __name__ == "__main__":
    print(sum(Parallel(n_jobs=2)(delayed(render)(page) for page in tqdm(range(24), desc="pages"))))
    results = Parallel(n_jobs=2, return_as="generator")(delayed(render)(page) for page in range(24))
    print(sum(tqdm(results, total=24, desc="results")))
    data, target = load_iris(return_X_y=True)
    best = 0.0
    for values in tqdm(ParameterGrid({"C": [0.1, 1.0, 10.0]}), desc="search"):
        search = GridSearchCV(
            LogisticRegression(max_iter=500, C=values["C"]), {"tol": [1e-4, 1e-3]}, n_jobs=2
        )
        best = max(best, search.fit(data, target).best_score_)
    print(round(best, 4))
