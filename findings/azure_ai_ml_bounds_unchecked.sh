#!/usr/bin/env bash
# azure-ai-ml 1.35.2.
# Expected: a component whose default is above its input's own `max`, not in its `enum` or no whole number for an
# integer is refused when it is loaded or validated, as a boolean's default "no" is.
# Seen: all are taken. The integer's default 1.7 is sent as 1; a text's default 010 (a YAML number) as "8.0".
# A step that is given 9 where 5 is the most passes validation as well.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
from pathlib import Path

from azure.ai.ml import dsl, load_component


def component(described):
    text = "name: step\nversion: 1\ntype: command\ncommand: echo ${{inputs.x}}\nenvironment: azureml:some:1\n"
    Path("step.yml").write_text(f"{text}inputs:\n  x: {described}\n")
    return load_component("step.yml")


def default(described):
    made = component(described)
    problems = made._validate().error_messages
    return problems or made._to_rest_object().properties.component_spec["inputs"]["x"]["default"]


seen = {
    described: default(described)
    for described in (
        "{type: integer, max: 5, default: 9}",
        "{type: string, enum: [a, b], default: c}",
        "{type: integer, default: 1.7}",
        "{type: string, default: 010}",
    )
}
bounded = component("{type: integer, min: 0, max: 5}")


@dsl.pipeline(compute="cpu")
def pipeline():
    bounded(x=9)


problems = pipeline()._validate().error_messages
try:
    default("{type: boolean, default: 'no'}")
except Exception as refused:
    boolean = type(refused).__name__
else:
    boolean = "taken"
for described, value in seen.items():
    print(f"{described}: the default is sent as {value!r}")
print("a step given 9 where 5 is the most, by validation:", problems)
print("a boolean's default 'no':", boolean)
if list(seen.values()) != ["9", "c", "1", "8.0"] or problems or boolean == "taken":
    raise SystemExit("The behaviour has changed.")
PY
