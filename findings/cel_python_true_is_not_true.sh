#!/usr/bin/env bash
# cel-python 0.5.0 (with cel-go 0.33.2 beside it, which Kubernetes evaluates its admission policies by).
# Expected: a policy in CEL says the same here and there; the definition of the language has string(true) as
# "true", durations as "1.5s", and an index outside of a list as an error.
# Seen: string(true) is "True", so that string(flag) == "true" is false for each flag, and labels made of flags
# are others; texts of times and durations lose what is below a second, so two that differ look alike;
# true == 1 is true; list[-1] is the last element, where the other evaluator refuses, so a rule over the last
# container passes in a test and fails in the cluster. No error, no warning. Compare values, not texts.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0
cat >main.go <<'GO'
// Each line of standard input is an expression over a resource; its value is printed as text, or "error".
package main

import (
	"bufio"
	"fmt"
	"os"

	"cel.dev/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv(cel.Variable("it", cel.DynType))
	if err != nil {
		panic(err)
	}
	it := map[string]any{"ready": true, "images": []string{"init", "score"}, "replicas": 3}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		tree, issues := env.Compile(lines.Text())
		if issues.Err() != nil {
			panic(issues.Err())
		}
		program, err := env.Program(tree)
		if err != nil {
			panic(err)
		}
		value, _, err := program.Eval(map[string]any{"it": it})
		if err != nil {
			fmt.Println("error")
			continue
		}
		fmt.Println(value.Value())
	}
}
GO
go mod init seen 2>noise
go mod edit -require=cel.dev/cel-go@v0.33.2
go mod tidy 2>noise || { cat noise >&2; exit 1; }
go build -o seen .
venv/bin/python -W ignore - <<'PY'
import subprocess

import celpy
from celpy.adapter import json_to_cel
from celpy.celtypes import BoolType

RESOURCE = json_to_cel({"ready": True, "images": ["init", "score"], "replicas": 3})
EXPECTED = {  # of the expression: what the definition has, and what is seen here
    "string(it.ready)": ("true", "True"),
    "string(it.ready) == 'true'": ("true", "false"),
    "it.ready == true": ("true", "true"),
    "it.ready == 1": ("false", "true"),
    "string(duration('1500ms'))": ("1.5s", "1s"),
    "string(duration('1500ms')) == string(duration('1s'))": ("false", "true"),
    "duration('1500ms') == duration('1s')": ("false", "false"),
    "string(timestamp('2026-11-30T06:00:00.5Z'))": ("2026-11-30T06:00:00.5Z", "2026-11-30T06:00:00Z"),
    "it.images[1]": ("score", "score"),
    "it.images[2]": ("error", "error"),
    "it.images[-1]": ("error", "score"),
    "string(it.replicas)": ("3", "3"),
}
environment = celpy.Environment()


def evaluated(expression):
    try:
        value = environment.program(environment.compile(expression)).evaluate({"it": RESOURCE})
    except celpy.CELEvalError:
        return "error"
    return str(bool(value)).lower() if isinstance(value, BoolType) else str(value)


text = "\n".join(EXPECTED)
answers = subprocess.run(["./seen"], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
for (expression, (defined, here)), answer in zip(EXPECTED.items(), answers, strict=True):
    found = evaluated(expression)
    print(f"{expression}: {found}, cel-go {answer}")
    if (answer, found) != (defined, here):
        raise SystemExit("The behaviour has changed.")
PY
