"""What the tables of Kusto's answers have in common: a small table, and what a row of them says.

`T` is a small table of `rows.kql`'s kind, made by `let`.
"""

from typing import Any, Final

T: Final = """let T = datatable(n:long, s:string, r:real, b:bool, at:datetime, d:dynamic)
[
  1, "a", 1.5, true, datetime(2026-11-29T10:00:00Z), dynamic({"k": "v", "list": [1, 2]}),
  2, "b", 2.5, false, datetime(2026-11-29T10:07:00Z), dynamic({"k": "w", "n": 3}),
  3, "a", real(null), true, datetime(2026-11-29T10:12:30Z), dynamic(null),
  long(null), "", 4.5, bool(null), datetime(null), dynamic([10, "x"])
];
"""
Row = tuple[str, str, str, list[list[Any]]]
"""What it shows, the query, the columns as `name:type`, the rows as Log Analytics would send them."""
