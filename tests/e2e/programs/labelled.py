"""`labelled.py ACCOUNT ROWS`: an estate's data lake gets answers of the example's rows, scored on the days
before today, and the labels that came for them.
"""

import datetime as dt
import sys

from azure.identity import DefaultAzureCredential

from ml.steps.contract import LABEL
from tests.ml.push.world import Tables, example

if __name__ == "__main__":
    account, rows = sys.argv[1], int(sys.argv[2])
    kept = Tables.of_lake(account, DefaultAzureCredential())
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    frame = example(rows)
    kept.keep(frame, day, "request-1")
    kept.label(frame[LABEL].tolist(), day, "request-1", dt.datetime.now(dt.UTC))
