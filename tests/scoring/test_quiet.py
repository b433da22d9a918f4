"""The package calls nobody that it was not told to."""

import os
import subprocess
import sys


def test_the_runtime_is_told_to_keep_its_telemetry_to_itself() -> None:
    code = "import scoring, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert said.stdout.strip() == "1", said.stderr
