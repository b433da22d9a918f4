"""All queries under Microsoft's parser. KUSTO_MODULES: node_modules with @kusto/language-service-next."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from emulator.monitor.logs.schema import SCHEMA
from tests.emulator.monitor.query_files import QUERIES

SCRIPT = Path(__file__).with_name("kusto.js")


@pytest.mark.skipif("KUSTO_MODULES" not in os.environ, reason="needs npm's @kusto/language-service-next")
def test_microsofts_parser_takes_each_query() -> None:
    wrong = [("control", "AppMetrics | where Nome == 1")]
    asked = json.dumps({"tables": SCHEMA, "queries": [*QUERIES, *wrong]})
    done = subprocess.run(
        ["node", str(SCRIPT), os.environ["KUSTO_MODULES"]],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    (told,) = done.stdout.splitlines()
    assert told.startswith("control: The name 'Nome' does not refer to")
