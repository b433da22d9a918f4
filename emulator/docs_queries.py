"""The page about queries: what of KQL is known, from the tables that the engine works by."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from emulator.home import REPOSITORY
from emulator.monitor.kql.aggregates import AGGREGATES, ALIASES
from emulator.monitor.kql.expressions import LISTED, TEXT_OPERATORS
from emulator.monitor.kql.functions import ALSO, SCALARS
from emulator.monitor.kql.names import OPERATORS
from emulator.monitor.kql.operators import JOINS, KNOWN
from emulator.monitor.kql.parser import SOURCES
from emulator.monitor.kql.scalars import Scalar
from emulator.monitor.kql.specials import SPECIAL_SAYS
from emulator.monitor.logs.endpoint import HOSTS
from emulator.monitor.logs.rows import LAG_S
from emulator.monitor.logs.schema import CLASSIC, SCHEMA
from emulator.monitor.tables import TABLES

PAGE: Final = REPOSITORY / "docs" / "emulator" / "queries.md"
HEAD: Final = """# Queries: the telemetry that arrived, asked in KQL
```python
from azure.monitor.query import LogsQueryClient

client = LogsQueryClient(DefaultAzureCredential())
answer = client.query_workspace(customer_id, "AppRequests | count", timespan=None)
```
{hosts}
From the command line: `az monitor log-analytics query` (an extension of az, not in its package), or
```sh
az rest --method post --resource https://api.loganalytics.io \\
  --url https://api.loganalytics.io/v1/workspaces/ID/query --body '{{"query": "AppRequests | count"}}'
```

- A row is seen {lag:g} s after it arrived, and `python -m emulator faults --lag SECONDS` later;
  `ingestion_time()` is that moment. `timespan` bounds TimeGenerated.
- To a workspace: Log Analytics Reader, Monitoring Reader or any role that reads it. To a resource (a
  component, a group, a subscription): a role that reads it, where the workspace allows access by resource, as
  it does unless told. Where `publicNetworkAccessForQuery` is Disabled: from a network that a private link
  scope lets in.
- A wrong query is 400 `BadArgumentError` with `SyntaxError` or `SemanticError`, code, line and column within.
  What Kusto knows and this does not is refused by name, and stands among the refusals of
  `python -m emulator status`.
- Types, nulls and names of columns are Kusto's: two nulls compare to null, no text is null, `where` drops
  null, an aggregate ignores nulls, `avg` of nothing is NaN, whole numbers divide whole, `%` is never below 0.
- A keyword is a name in brackets alone, `['date']`, as Microsoft's language service has it; bare,
  it is refused by name.

## Tables
{filled}
{unfilled}
{classic}
"""


def page() -> str:
    """The whole page."""
    filled = [name for name in SCHEMA if name in TABLES]
    head = HEAD.format(
        hosts=_line(
            f"{_words(HOSTS)} answer `/v1/workspaces/ID/query`, `/v1/RESOURCE/query`, "
            "`/v1/apps/APPID/query` and "
            "`/v1/$batch`."
        ),
        lag=LAG_S,
        filled=_line(f"- With rows: {_words(filled)}."),
        unfilled=_line(f"- With columns alone: {_words([name for name in SCHEMA if name not in TABLES])}."),
        classic=_line(f"- Of an Application Insights component too: {_words(list(CLASSIC))}."),
    )
    return head + "\n".join(_sections()) + "\n"


def _sections() -> Iterator[str]:
    yield "\n## Statements, sources and operators"
    yield _line(f"- `let` (scalars, tables, functions with defaults), sources {_words(SOURCES)}.")
    yield _line(f"- After a pipe: {_words(sorted(KNOWN))}.")
    yield _line(f"- `join kind=` {_words(JOINS)}.")
    yield _line(f"- Not emulated: {_words(sorted(OPERATORS - KNOWN - set(SOURCES)))}.")
    yield "\n## Comparisons"
    yield _line(
        "`==`, `!=`, `<`, `<=`, `>`, `>=`, `=~`, `!~`, `between`, `!between`, `matches regex`, "
        f"{_words(LISTED)}, and with `!` before them too: {_words(TEXT_OPERATORS)}."
    )
    yield "\n## Functions of values"
    yield "| function | what it gives |\n|---|---|"
    rows = {name: (_call(one), one.says) for name, one in SCALARS.items()}
    rows |= {name: (f"`{name}(…)`", says) for name, says in SPECIAL_SAYS.items()}
    for name in sorted(rows):
        yield f"| {rows[name][0]} | {rows[name][1]} |"
    yield f"\nOlder names: {', '.join(f'`{old}` for `{new}`' for old, new in ALSO.items())}."
    yield "\n## Functions of the rows of a group"
    yield "| function | what it gives |\n|---|---|"
    for name in sorted(AGGREGATES):
        yield f"| `{name}` | {AGGREGATES[name].says} |"
    yield "| `arg_max`, `arg_min` | columns of the row with the greatest, least value |"
    yield "| `percentiles` | several percentiles, a column each |"
    yield f"\nOlder names: {', '.join(f'`{old}` for `{new}`' for old, new in ALIASES.items())}."


def _call(one: Scalar) -> str:
    """A function with the classes of its arguments; in brackets those that may be left out."""
    needed = list(one.takes[: one.least]) or []
    more = list(one.takes[one.least :]) + (["…"] if one.most is None else [])
    return f"`{one.name}({', '.join([*needed, *(f'[{word}]' if word != '…' else word for word in more)])})`"


def _line(text: str) -> str:
    """In lines that are not too long."""
    return textwrap.fill(
        text, 110, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False
    )


def _words(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
