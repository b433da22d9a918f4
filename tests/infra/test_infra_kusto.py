"""The queries under Microsoft's parser. KUSTO_MODULES: node_modules with @kusto/language-service-next."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from emulator.monitor.tables import COMMON, JSON_COLUMNS, TABLES
from tests.infra.test_infra_observe import ASKED

SCRIPT = Path(__file__).with_name("kusto.js")
TYPES = {"TEXT": "string", "INTEGER": "long", "REAL": "real"}
TIMES = {"TimeGenerated", "_TimeReceived"}
AZURES = {"_LogOperation": [("TimeGenerated", "datetime"), ("Category", "string"), ("Detail", "string")]}


def columns(table: str) -> list[tuple[str, str]]:
    def kind(name: str, stored: str) -> str:
        return "dynamic" if name in JSON_COLUMNS else "datetime" if name in TIMES else TYPES[stored]

    return [(name, kind(name, stored)) for name, stored in {**COMMON, **TABLES[table]}.items()]


@pytest.mark.skipif("KUSTO_MODULES" not in os.environ, reason="needs npm's @kusto/language-service-next")
def test_microsofts_parser_takes_each_query() -> None:
    tables = {**AZURES, **{table: columns(table) for table in TABLES}}
    wrong = [("control", "AppMetrics | where Nome == 1")]
    asked = json.dumps({"tables": tables, "queries": [*ASKED, *wrong]})
    done = subprocess.run(
        ["node", str(SCRIPT), os.environ["KUSTO_MODULES"]],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    (told,) = done.stdout.splitlines()
    assert told.startswith("control: The name 'Nome' does not refer to")
