"""Asks production's gateway for a row of each member that is named; says which model answered, by member."""

import json
import sys

import httpx
import pyarrow.parquet as pq

from demo.traffic import DATA, HEADER, NOT_FEATURES, subscription_keys
from ml.estate import read_estate

if __name__ == "__main__":
    estate = read_estate("prod")
    (key,) = subscription_keys(estate, 1)
    (row,) = pq.read_table(DATA).slice(0, 1).to_pylist()
    record = {name: value for name, value in row.items() if name not in NOT_FEATURES}
    models = {}
    with httpx.Client(headers={HEADER: key}, timeout=30.0) as client:
        for member in sys.argv[1:]:
            body = {"records": [record], "member": member}
            answer = client.post(f"{estate.gateway_url}/scoring/v1/score", json=body).raise_for_status()
            models[member] = answer.json()["model"]
    print(json.dumps(models))
