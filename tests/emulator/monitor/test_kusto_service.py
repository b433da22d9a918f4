"""The yardstick under Microsoft's language service. KUSTO_MODULES: as in tests/infra/test_infra_kusto.py."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from emulator.monitor.kql.reserved import ASSIGNED, RESERVED
from tests.emulator.monitor.kusto_expressions import EXPRESSIONS
from tests.emulator.monitor.kusto_operators import OPERATORS
from tests.emulator.monitor.kusto_refusals import NOT_EMULATED, REFUSED
from tests.emulator.monitor.kusto_rows import T

ANSWERS = [*EXPRESSIONS, *OPERATORS]

SCRIPT = Path(__file__).with_name("kusto_columns.js")
# a bound of ours, not of the language; and a function of Log Analytics alone
SUBSET = {"expressions nested deeper than 60", "function 'workspace'"}
LENIENT = {
    # what the engine of Kusto refuses and the language service lets pass
    "T | where n == 'a'",
    "T | where d == dynamic(1)",
    "T | extend x = row_number()",
    "print datetime(2026-13-01)",
    "1 + 1",
    # and what is too much of it
    "range x from 1 to 600000 step 1",
    "let R = range x from 1 to 800 step 1 | extend k = 1; R | join kind=inner R on k",
}


def analysed(queries: list[tuple[str, str]]) -> dict[str, tuple[list[str], str]]:
    done = subprocess.run(
        ["node", str(SCRIPT), os.environ["KUSTO_MODULES"]],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: (told, columns) for name, told, columns in map(json.loads, done.stdout.splitlines())}


@pytest.mark.skipif("KUSTO_MODULES" not in os.environ, reason="needs npm's @kusto/language-service-next")
def test_microsofts_service_takes_what_we_take_and_names_the_same_columns() -> None:
    found = analysed([(name, T + query) for name, query, _, _ in ANSWERS])
    assert {name: told for name, (told, _) in found.items() if told} == {}
    wanted = {name: columns for name, _, columns, _ in ANSWERS}
    assert {name: columns for name, (_, columns) in found.items()} == wanted


@pytest.mark.skipif("KUSTO_MODULES" not in os.environ, reason="needs npm's @kusto/language-service-next")
def test_it_refuses_what_we_refuse_and_knows_what_we_do_not() -> None:
    refused = analysed([(query, T + query) for query, _, _ in REFUSED])
    assert {query for query, (told, _) in refused.items() if not told} == LENIENT
    known = analysed([(what, T + query) for query, what in NOT_EMULATED if what not in SUBSET])
    unknown = {what: told for what, (told, _) in known.items() if any("known" in one for one in told)}
    assert unknown == {}


@pytest.mark.skipif("KUSTO_MODULES" not in os.environ, reason="needs npm's @kusto/language-service-next")
def test_it_takes_reserved_words_in_brackets_alone() -> None:
    words = sorted(RESERVED)
    forms = {
        "path": "T | extend x = d.{}",
        "read": "T | extend ['{0}'] = n | where {0} > 1",
        "given": "T | summarize {} = max(n)",
        "brackets": "T | extend ['{0}'] = d['{0}'] | project ['{0}']",
    }
    asked = [(f"{form} {word}", T + text.format(word)) for form, text in forms.items() for word in words]
    refused = {name for name, (told, _) in analysed(asked).items() if told}
    given = RESERVED - ASSIGNED
    assert refused == {f"{form} {one}" for form in ("path", "read") for one in words} | {
        f"given {one}" for one in given
    }
