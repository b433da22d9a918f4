"""Calls production's gateway, a request after another with twenty rows each, until its standard input ends.

Then it says how many requests it sent, and what those got that were no success.
"""

import json
import sys
import threading
import time
from collections import Counter

import httpx
import pyarrow.parquet as pq

from demo.traffic import DATA, HEADER, NOT_FEATURES, subscription_keys
from ml.estate import read_estate

PAUSE_S = 0.02
ROWS = 20

if __name__ == "__main__":
    estate = read_estate("prod")
    (key,) = subscription_keys(estate, 1)
    rows = pq.read_table(DATA).slice(0, 300).to_pylist()
    rows = [{name: value for name, value in row.items() if name not in NOT_FEATURES} for row in rows]
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    answers = Counter()
    with httpx.Client(headers={HEADER: key}, timeout=30.0) as client:
        while not ended.is_set():
            at = answers.total() % (len(rows) - ROWS)
            try:
                got = client.post(
                    f"{estate.gateway_url}/scoring/v1/score", json={"records": rows[at : at + ROWS]}
                )
                answers["200" if got.status_code == 200 else f"{got.status_code} {got.text[:300]}"] += 1
            except httpx.HTTPError as error:
                answers[f"{type(error).__name__}: {error}"] += 1
            time.sleep(PAUSE_S)
    print(json.dumps(answers))
