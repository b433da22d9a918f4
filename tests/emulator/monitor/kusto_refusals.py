"""Queries that Azure refuses, with its codes and words, and those that are not emulated."""

from typing import Final

REFUSED: Final[list[tuple[str, str, str]]] = [
    # query, code, words
    (
        "T | where nothing == 1",
        "SEM0100",
        "'where' operator: Failed to resolve column or scalar expression named 'nothing'",
    ),
    (
        "Nothing | take 1",
        "SEM0100",
        "'take' operator: Failed to resolve table or column expression named 'Nothing'",
    ),
    (
        "T | where n == 'a'",
        "SEM0064",
        "Cannot compare values of types long and string. Try adding explicit casts",
    ),
    (
        "T | where d == dynamic(1)",
        "SEM0064",
        "Cannot compare values of types dynamic and dynamic. Try adding explicit casts",
    ),
    (
        "T | extend x = s + 'a'",
        "SEM0064",
        "Arithmetic expression cannot be carried-out between string and string",
    ),
    ("T | summarize count() by d", "SEM0139", "Summarize group key 'd' is of a 'dynamic' type"),
    ("T | extend x = nope(n)", "SEM0260", "Unknown function: 'nope'."),
    ("T | extend x = strlen()", "SEM0219", "strlen(): function expects 1 argument(s); 0 given."),
    ("T | where count() > 1", "SEM0144", "the aggregate function 'count' is not allowed in this context"),
    ("T | where n", "SEM0064", "the predicate has to be a boolean expression; its type is long"),
    ("T | project n, n", "SEM0046", "A column with the name 'n' is already declared."),
    ("T | join kind=sideways (T) on s", "SEM0018", "join kind 'sideways' is not one of"),
    ("T | extend x = row_number()", "SEM0147", "the row set must be serialized"),
    ("range x from 1 to 600000 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", "exceeded the allowed limits"),
    (
        "let R = range x from 1 to 800 step 1 | extend k = 1; R | join kind=inner R on k",
        "E_QUERY_RESULT_SET_TOO_LARGE",
        "exceeded the allowed limits",
    ),
    ("1 + 1", "SEM0003", "Top-level expressions must return tabular results."),
    ("print datetime(2026-13-01)", "SEM0000", "Failed to parse datetime literal: 'datetime(2026-13-01)'"),
    ("T | where (n == 1", "SYN0002", "Query could not be parsed at '' on line [8,17]"),
    ("T\n| where n = 1", "SYN0002", "Query could not be parsed at '=' on line [9,10]"),
    ("T | whre n == 1", "SYN0002", "Query could not be parsed at 'whre' on line [8,4]"),
]

NOT_EMULATED: Final[list[tuple[str, str]]] = [
    ("T | evaluate bag_unpack(d)", "operator 'evaluate'"),
    ("T | scan with (step s: true)", "operator 'scan'"),
    ("T | extend x = series_decompose(d)", "function 'series_decompose'"),
    ("T | summarize hll(n)", "aggregate function 'hll'"),
    ("search 'a'", "operator 'search'"),
    ("workspace('other').AppRequests | take 1", "function 'workspace'"),
    ("set notruncation; T", "statement 'set'"),
    ("T | parse kind=regex s with 'a' x", "parse kind=regex"),
    ("print " + "(" * 70 + "1" + ")" * 70, "expressions nested deeper than 60"),
]
