#!/usr/bin/env bash
# datamodel-code-generator 0.89.0 (pydantic 2.14.4; jsonschema 4.26.0 as the judge).
# Expected: a model takes what its schema takes, as far as the limit is one that the generator knows; its
# --allof-merge-mode says that limits of allOf are merged, by default.
# Seen: in allOf of a $ref to a number or a text and something more, the usual way to narrow a shared type (in
# draft 7 and OpenAPI 3.0, where what stands beside a $ref is ignored, the only one), the something is dropped:
# maximum, maxLength, pattern and enum. A share of 40 and the stage "nowhere" pass. Each mode of merging and
# --generate-schema-validators make the same class; written out without the $ref, the limits are kept. Nothing
# is told. Validate by the schema as well, or write shared types out.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datamodel-code-generator==0.89.0 pydantic==2.14.4 \
    jsonschema==4.26.0
cat >schema.json <<'JSON'
{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Release",
  "type": "object",
  "definitions": {"Amount": {"type": "number", "minimum": 0}, "Name": {"type": "string", "minLength": 2}},
  "properties": {
    "share": {"allOf": [{"$ref": "#/definitions/Amount"}, {"maximum": 1}]},
    "slot": {"allOf": [{"$ref": "#/definitions/Name"}, {"maxLength": 8}]},
    "model": {"allOf": [{"$ref": "#/definitions/Name"}, {"type": "string", "pattern": "^[a-z-]+$"}]},
    "stage": {"allOf": [{"$ref": "#/definitions/Name"}, {"enum": ["stage", "prod"]}]},
    "shares": {"type": "array", "items": {"allOf": [{"$ref": "#/definitions/Amount"}, {"maximum": 1}]}},
    "plain": {"allOf": [{"type": "number", "minimum": 0}, {"maximum": 1}]}
  }
}
JSON
generate() {
    venv/bin/datamodel-codegen --input schema.json --input-file-type jsonschema --disable-timestamp \
        --formatters builtin --output-model-type pydantic_v2.BaseModel "$@" 2>>told
}
generate --output made.py
for mode in constraints all none; do
    generate --allof-merge-mode "$mode" --output "made_$mode.py"
done
generate --generate-schema-validators --output made_validators.py
cat told
venv/bin/python -W ignore - <<'PY'
import importlib
import json
from pathlib import Path

from jsonschema import Draft7Validator
from pydantic import ValidationError

VALIDATOR = Draft7Validator(json.loads(Path("schema.json").read_text()))
GOOD = {"share": 0.5, "slot": "blue", "model": "credit-risk", "stage": "prod", "shares": [0.5], "plain": 0.5}
BAD = {"share": 40, "slot": "blue-and-green", "model": "Credit 1", "stage": "nowhere", "shares": [40], "plain": 40}
BELOW = {"share": -1, "slot": "b", "model": "c", "stage": "p", "shares": [-1], "plain": -1}


def taken(module, record):
    try:
        importlib.import_module(module).Release.model_validate(record)
    except ValidationError:
        return False
    return True


for module in ("made", "made_constraints", "made_all", "made_none", "made_validators"):
    passed = [name for name, value in BAD.items() if taken(module, {name: value})]
    print(f"{module}: takes {', '.join(f'{name} {BAD[name]!r}' for name in passed)}")
    if passed != ["share", "slot", "model", "stage", "shares"] or not taken(module, GOOD):
        raise SystemExit("The behaviour has changed.")
    # The limits of the shared types themselves are kept.
    if any(taken(module, {name: value}) for name, value in BELOW.items()):
        raise SystemExit("The behaviour has changed.")
if not VALIDATOR.is_valid(GOOD) or any(VALIDATOR.is_valid({name: value}) for name, value in BAD.items()):
    raise SystemExit("The behaviour has changed.")
if Path("told").read_text():
    raise SystemExit("The behaviour has changed.")
PY
