"""The programs and pipelines that the tests of the real client submit."""

from __future__ import annotations

from tests.emulator.machinelearning import estate

PREPARE = """
    import argparse, pathlib
    parser = argparse.ArgumentParser()
    for name in ("raw", "out"): parser.add_argument("--" + name, type=pathlib.Path)
    parser.add_argument("--factor", type=float)
    given = parser.parse_args()
    rows = [float(line) * given.factor for line in given.raw.read_text().split()]
    (given.out / "rows.txt").write_text("\\n".join(map(str, rows)))
    print("rows:", len(rows))
"""
TRAIN = """
    import argparse, json, os, pathlib
    parser = argparse.ArgumentParser()
    for name in ("rows", "model"): parser.add_argument("--" + name, type=pathlib.Path)
    parser.add_argument("--rate", type=float)
    given = parser.parse_args()
    rows = [float(line) for line in (given.rows / "rows.txt").read_text().split()]
    body = {"mean": sum(rows) / len(rows), "rate": given.rate, "flavour": os.environ["FLAVOUR"]}
    (given.model / "model.json").write_text(json.dumps(body))
"""
ASK = f"""
import json, os, urllib.error, urllib.request as web
query = "?api-version=2017-09-01&resource=https://management.azure.com&clientid="
asked = web.Request(os.environ["MSI_ENDPOINT"] + query + os.environ["DEFAULT_IDENTITY_CLIENT_ID"])
asked.add_header("secret", os.environ["MSI_SECRET"])
token = json.load(web.urlopen(asked))["access_token"]
read = web.Request("https://management.azure.com{estate.WORKSPACE}?api-version=2025-01-01")
read.add_header("authorization", "Bearer " + token)
try:
    print(json.load(web.urlopen(read))["name"])
except urllib.error.HTTPError as error:
    print(error.code)
"""


PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
experiment_name: tests
settings: {default_compute: azureml:cpu}
inputs: {word: hello, times: 2}
outputs: {result: {type: uri_file}}
jobs:
  say:
    type: command
    environment: azureml:plain:1
    inputs: {word: "${{parent.inputs.word}}", times: "${{parent.inputs.times}}"}
    outputs: {text: {type: uri_folder}}
    command: for i in $(seq ${{inputs.times}}); do echo ${{inputs.word}} >> ${{outputs.text}}/all.txt; done
  count:
    type: command
    environment: azureml:plain:1
    inputs:
      text: {type: uri_folder, path: "${{parent.jobs.say.outputs.text}}"}
    outputs:
      result: ${{parent.outputs.result}}
    command: wc -l < ${{inputs.text}}/all.txt > ${{outputs.result}}
"""
