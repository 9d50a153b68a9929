"""Forty trials with optuna's own bar, then forty in two threads."""

import optuna


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=7))
    study.optimize(objective, n_trials=40, show_progress_bar=True)
    print(len(study.trials), round(study.best_value, 6))
    study.optimize(objective, n_trials=40, n_jobs=2, show_progress_bar=True)
    print(len(study.trials))
