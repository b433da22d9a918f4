"""What production's function app answers to whoever asks how it is; it acts as whoever runs it."""

import json

from ml.azure.clients import Azure
from ml.deploy.endpoint import Endpoint
from ml.estate import read_estate
from ml.terminal.console import Report

azure = Azure(read_estate("prod"), Report(True))
answer = Endpoint(azure.estate.scoring_function.url, "").get("/readyz")
print(json.dumps({"status": answer.status_code, "package": answer.headers.get("x-package")}))
