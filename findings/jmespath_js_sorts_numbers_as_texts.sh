#!/usr/bin/env bash
# jmespath 0.16.0 for JavaScript (with jmespath 1.1.0 for Python, which the Azure and AWS command lines query by).
# Expected: one query has one answer. JMESPath's sort() of numbers is by number; < and > are for numbers, and
# of anything else they are null, so that a filter leaves it out.
# Seen: sort() orders numbers as texts: 9, 10, 2 is 10, 2, 9, and sort(@)[-1], the newest version or the largest
# error, is 9. Of texts < and > go by JavaScript's rules, so a filter `days > 30` takes "45" along. sort_by, max
# and min are right. No error. Write sort_by(@, &@).
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
npm install --silent --no-audit --no-fund jmespath@0.16.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jmespath==1.1.0
cat >asked.json <<'JSON'
[
  ["sort(@)", [9, 10, 2]],
  ["sort(@)[-1]", [9, 10, 2]],
  ["sort(@)", [-1, -2, 0.5]],
  ["sort_by(@, &@)", [9, 10, 2]],
  ["max(@)", [9, 10, 2]],
  ["sort(@)", ["b", "a"]],
  ["[?days > `30`].id", [{"id": 1, "days": 45}, {"id": 2, "days": 5}, {"id": 3, "days": null}]]
]
JSON
cat >seen.mjs <<'JS'
import { readFileSync } from 'node:fs';
import jmespath from 'jmespath';

const asked = JSON.parse(readFileSync('asked.json', 'utf8'));
const text = jmespath.search([{ id: 1, days: '45' }, { id: 2, days: 31 }], '[?days > `30`].id');
const answers = asked.map(([query, data]) => jmespath.search(data, query));
process.stdout.write(JSON.stringify({ answers, text }));
JS
node seen.mjs >seen.json
venv/bin/python - <<'PY'
import json

import jmespath

with open("asked.json") as file:
    asked = json.load(file)
with open("seen.json") as file:
    seen = json.load(file)
differ = []
for (query, data), found in zip(asked, seen["answers"], strict=True):
    python = jmespath.search(query, data)
    print(f"{query} of {data}: {found}, Python {python}")
    if found != python:
        differ.append((query, found))
    if query == "sort(@)" and python != sorted(data):
        raise SystemExit("The behaviour has changed.")
print(f'[?days > `30`] of "45" and 31: the rows {seen["text"]}')
if differ != [("sort(@)", [10, 2, 9]), ("sort(@)[-1]", 9), ("sort(@)", [-1, -2, 0.5])] or seen["text"] != [1, 2]:
    raise SystemExit("The behaviour has changed.")
PY
