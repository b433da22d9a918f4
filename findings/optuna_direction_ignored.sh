#!/usr/bin/env bash
# optuna 5.0.0.
# Expected: create_study(direction="maximize", load_if_exists=True) of a stored study that minimizes is
# refused, or warns that the stored direction stays.
# Seen: the stored direction wins; a log record at INFO says that the stored study is used, not that the
# direction is not, and best_value of a study asked to maximize is the smallest.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check optuna==5.0.0
venv/bin/python -W ignore - <<'PY'
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)
optuna.create_study(study_name="auc", storage="sqlite:///study.db", direction="minimize")
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    study = optuna.create_study(
        study_name="auc", storage="sqlite:///study.db", direction="maximize", load_if_exists=True
    )
for value in (0.2, 0.9, 0.5):
    study.enqueue_trial({"x": value})
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
told = [str(warning.message) for warning in warned if "direction" in str(warning.message)]
print("asked for maximize, got", study.direction.name, "| warned:", told)
print("best of 0.2, 0.9 and 0.5:", study.best_value)
if (study.direction.name, study.best_value, told) != ("MINIMIZE", 0.2, []):
    raise SystemExit("The behaviour has changed.")
PY
