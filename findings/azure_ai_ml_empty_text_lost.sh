#!/usr/bin/env bash
# azure-ai-ml 1.35.2.
# Expected: a pipeline's text input with the value "" is sent as such, as an input of a step with the value "" is.
# Seen: the pipeline's input is left out of the request, while the step's binding to it stays: it leads nowhere.
# Validation says nothing about it.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2
cat > step.yml <<'YML'
name: step
version: 1
type: command
command: echo ${{inputs.text}}
environment: azureml:some-environment:1
inputs:
  text: {type: string}
YML
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
from azure.ai.ml import dsl, load_component

step = load_component("step.yml")


@dsl.pipeline(compute="cpu")
def pipeline(empty: str, full: str):
    bound = step(text=empty)
    given = step(text="")
    other = step(text=full)


job = pipeline(empty="", full="a")
sent = job._to_rest_object().properties
inputs = {name: found.value for name, found in sent.inputs.items()}
texts = {name: node["inputs"]["text"]["value"] for name, node in sent.jobs.items()}
problems = job._validate().error_messages
print("inputs of the pipeline, as sent:", inputs)
print("inputs of its steps, as sent:", texts)
print("what validation found:", problems)
expected = {"bound": "${{parent.inputs.empty}}", "given": "", "other": "${{parent.inputs.full}}"}
if inputs != {"full": "a"} or texts != expected or problems:
    raise SystemExit("The behaviour has changed.")
PY
