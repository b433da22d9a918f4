"""Scores the same rows by stage's service and by its function app, and says what each answered.

Argument: how many rows. It acts as whoever runs it.
"""

import json
import sys
from pathlib import Path

from ml import release
from ml.azure.clients import Azure
from ml.commands.score import deployed, read_rows
from ml.deploy import api_key, ways
from ml.deploy.endpoint import Endpoint
from ml.estate import project_root, read_estate
from ml.terminal import options
from ml.terminal.console import Report

azure = Azure(read_estate("stage"), Report(True))
outputs = deployed(azure)
app = azure.estate.scoring_function
asked = {
    "service": ways.deployed(azure, outputs),
    "function": Endpoint(app.url, api_key.required(azure, app.key_secret)),
}
features = release.read(azure, str(outputs["release"])).evidence.features
file = Path(options.rows(None, azure.settings, project_root()))
records, _ = read_rows(file, features, int(sys.argv[1]), azure.settings.training.seed)
found = {}
for name, endpoint in asked.items():
    answer = endpoint.score({"records": records}, synthetic=True)
    found[name] = answer.json() if answer.status_code == 200 else {"error": answer.text}
print(json.dumps(found))
