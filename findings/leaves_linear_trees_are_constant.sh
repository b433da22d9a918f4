#!/usr/bin/env bash
# github.com/dmitryikh/leaves of July 2023, its newest, with lightgbm 3.3.5, the newest whose files it reads.
# Expected: the model that LightGBM wrote, in Go; what leaves does not know it refuses, as it does other objectives
# and the files of LightGBM 4.
# Seen: linear_tree and reg_sqrt are read over. Of trees with a line in each leaf only a constant is left: an
# R2 of 0.98 is one of 0.90. With reg_sqrt the answers, transformed or not, are square roots: a price of 25
# is 5. No error; the same models without the two settings are right to the last digit. Compare some rows
# of each model before it goes to Go.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightgbm==3.3.5 numpy==1.26.4 scipy==1.13.1 \
    scikit-learn==1.3.2
cat >main.go <<'GO'
// The first argument is a model of LightGBM; rows of tab-separated numbers come in, predictions go out.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/dmitryikh/leaves"
)

func main() {
	model, err := leaves.LGEnsembleFromFile(os.Args[1], true)
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var row []float64
		for _, cell := range strings.Split(lines.Text(), "\t") {
			value, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				panic(err)
			}
			row = append(row, value)
		}
		fmt.Println(strconv.FormatFloat(model.PredictSingle(row, 0), 'g', -1, 64))
	}
}
GO
go mod init seen 2>noise
go mod edit -require=github.com/dmitryikh/leaves@v0.0.0-20230708180554-25d19a787328
go mod tidy 2>noise || { cat noise >&2; exit 1; }
go build -o seen .
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import subprocess

import lightgbm
import numpy as np
from sklearn.metrics import r2_score

draw = np.random.default_rng(1)
rows = draw.uniform(-1, 1, (3000, 3))
price = 20 + 8 * rows[:, 0] + 4 * rows[:, 1] + draw.normal(0, 0.5, 3000)
train, test = slice(0, 2500), slice(2500, None)
text = "\n".join("\t".join(repr(float(cell)) for cell in row) for row in rows[test])
seen = {}
for name, settings in {"plain": {}, "linear_tree": {"linear_tree": True}, "reg_sqrt": {"reg_sqrt": True}}.items():
    settings |= {"objective": "regression", "num_leaves": 4, "learning_rate": 0.3}
    settings |= {"verbose": -1, "seed": 1, "num_threads": 1}
    model = lightgbm.train(settings, lightgbm.Dataset(rows[train], price[train]), 10)
    model.save_model(f"{name}.txt")
    python = model.predict(rows[test])
    run = subprocess.run(["./seen", f"{name}.txt"], input=text, capture_output=True, text=True, check=True)
    go = np.array([float(line) for line in run.stdout.split()])
    furthest = np.abs(go - python).max()
    roots = np.abs(np.sqrt(python) - go).max()
    seen[name] = [r2_score(price[test], python), r2_score(price[test], go), furthest, roots]
    print(f"{name}: R2 {seen[name][0]:.3f} in Python, {seen[name][1]:.3f} in Go, furthest apart {furthest:.3g}")
if seen["plain"][2] > 1e-9 or seen["linear_tree"][2] < 1 or seen["reg_sqrt"][2] < 10:
    raise SystemExit("The behaviour has changed.")
if seen["reg_sqrt"][3] > 1e-9 or any(python < 0.8 for python, *_ in seen.values()):
    raise SystemExit("The behaviour has changed.")
if not 0.5 < seen["linear_tree"][1] < seen["linear_tree"][0] - 0.05:
    raise SystemExit("The behaviour has changed.")
PY
