"""Queries with the answers that the language's documentation gives: the yardstick of the engine.

Each row: what it shows, the query, the columns as `name:type`, the rows as Log Analytics would send them.
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

ANSWERS: Final[list[Row]] = [
    # literals and arithmetic
    (
        "whole division cuts",
        "print 7 / 2, -7 / 2, 7 / 2.0",
        "print_0:long print_1:long print_2:real",
        [[3, -3, 3.5]],
    ),
    (
        "remainders are not below 0",
        "print 14 % 12, -14 % 12, 14 % -12",
        "print_0:long print_1:long print_2:long",
        [[2, 10, 2]],
    ),
    (
        "a quotient by 0",
        "print 1 / 0, 1.0 / 0, -1.0 / 0",
        "print_0:long print_1:real print_2:real",
        [[None, "Infinity", "-Infinity"]],
    ),
    ("longs wrap", "print 9223372036854775807 + 1", "print_0:long", [[-9223372036854775808]]),
    (
        "precedence",
        "print 1 + 2 * 3, (1 + 2) * 3, -2 * 3, 10 - 2 - 3",
        "print_0:long print_1:long print_2:long print_3:long",
        [[7, 9, -6, 5]],
    ),
    ("and binds more than or", "print true or false and false", "print_0:bool", [[True]]),
    (
        "timespans",
        "print 1h + 30m, 1d / 1h, 90s * 2, 1.5m",
        "print_0:timespan print_1:real print_2:timespan print_3:timespan",
        [["01:30:00", 24.0, "00:03:00", "00:01:30"]],
    ),
    (
        "times",
        "print datetime(2026-03-01) - datetime(2026-02-01), datetime(2026-11-29) + 1.5h",
        "print_0:timespan print_1:datetime",
        [["28.00:00:00", "2026-11-29T01:30:00Z"]],
    ),
    ("decimals stay exact", "print decimal(0.1) + decimal(0.2)", "print_0:decimal", [["0.3"]]),
    (
        "texts",
        """print "a\\tb", 'c"d', @"e\\f", h"g", "x" "y" """,
        "print_0:string print_1:string print_2:string print_3:string print_4:string",
        [["a\tb", 'c"d', "e\\f", "g", "xy"]],
    ),
    (
        "dynamic literals",
        'print dynamic({"a": [1, 2.5, null, true], "b": {"c": "d"}})',
        "print_0:dynamic",
        [['{"a":[1,2.5,null,true],"b":{"c":"d"}}']],
    ),
    # nulls
    (
        "null is neither equal nor unequal to null",
        "print long(null) == long(null), long(null) != long(null)",
        "print_0:bool print_1:bool",
        [[None, None]],
    ),
    (
        "null and a value are unequal",
        "print long(null) == 1, long(null) != 1, long(null) > 1",
        "print_0:bool print_1:bool print_2:bool",
        [[False, True, None]],
    ),
    (
        "null in arithmetic is null",
        "print long(null) + 1, real(null) * 2",
        "print_0:long print_1:real",
        [[None, None]],
    ),
    ("where drops null", "T | where r > 2 | project n", "n:long", [[2], [None]]),
    ("a value that is unequal keeps null", "T | where n != 1 | project s", "s:string", [["b"], ["a"], [""]]),
    ("no text is null", "T | where isnull(s) or isempty(s) | project s", "s:string", [[""]]),
    (
        "three values",
        "print bool(null) and false, bool(null) or true, not(bool(null))",
        "print_0:bool print_1:bool print_2:bool",
        [[False, True, None]],
    ),
    # texts
    (
        "has wants a term",
        'print "log_in now" has "log", "login" has "log", "a-b" has "b", "x" has ""',
        "print_0:bool print_1:bool print_2:bool print_3:bool",
        [[True, False, True, True]],
    ),
    (
        "case",
        'print "Ab" =~ "aB", "Ab" == "ab", "Ab" contains "B", "Ab" contains_cs "B", "Ab" !~ "x"',
        "print_0:bool print_1:bool print_2:bool print_3:bool print_4:bool",
        [[True, False, True, False, True]],
    ),
    (
        "starts and ends",
        'print "abc" startswith "AB", "abc" endswith_cs "BC", "abc" !startswith "b"',
        "print_0:bool print_1:bool print_2:bool",
        [[True, False, True]],
    ),
    (
        "prefix and suffix of terms",
        'print "foo barista" hasprefix "bar", "foo bar" hassuffix "oo"',
        "print_0:bool print_1:bool",
        [[True, True]],
    ),
    ("matches regex", r'print "abc12" matches regex @"[a-z]+\d{2}$"', "print_0:bool", [[True]]),
    (
        "in",
        'print "a" in ("a", "b"), "A" in ("a"), "A" in~ ("a"), 3 !in (1, 2), 2 in (dynamic([1, 2]))',
        "print_0:bool print_1:bool print_2:bool print_3:bool print_4:bool",
        [[True, False, True, True, True]],
    ),
    ("in a table", "T | where s in ((T | where n == 2 | project s)) | project n", "n:long", [[2]]),
    (
        "has_any",
        'print "error in disk" has_any ("DISK", "cpu"), "ab" has_any ("a")',
        "print_0:bool print_1:bool",
        [[True, False]],
    ),
    (
        "between",
        (
            "print 5 between (1 .. 5), 5 !between (1 .. 4), datetime(2026-11-29) between "
            "(datetime(2026-11-28) .. 2d)"
        ),
        "print_0:bool print_1:bool print_2:bool",
        [[True, True, True]],
    ),
    (
        "functions of texts",
        'print strcat("a", 1, true), substring("abcdef", 1, 3), strlen("äb"), indexof("abc", "c"), '
        'replace_string("a.b", ".", "-"), trim(@"\\s+", "  x "), toupper("a")',
        (
            "print_0:string print_1:string print_2:long print_3:long print_4:string print_5:string "
            "print_6:string"
        ),
        [["a1true", "bcd", 2, 2, "a-b", "x", "A"]],
    ),
    (
        "split",
        'print split("a_b_c", "_"), split("a_b_c", "_", 1)',
        "print_0:dynamic print_1:dynamic",
        [['["a","b","c"]', '["b"]']],
    ),
    (
        "extract",
        'print extract("x=([0-9.]+)", 1, "hello x=45.6|wo"), extract("x=([0-9]+)", 1, "x=45", typeof(long))',
        "print_0:string print_1:long",
        [["45.6", 45]],
    ),
    # conversions
    (
        "to numbers",
        'print toint("12"), toint("x"), tolong(2.9), todouble("1e3"), toint(5000000000), tobool("True")',
        "print_0:int print_1:int print_2:long print_3:real print_4:int print_5:bool",
        [[12, None, 2, 1000.0, None, True]],
    ),
    (
        "to texts",
        'print tostring(1.0), tostring(5m), tostring(datetime(2026-11-29)), tostring(dynamic({"a":1}))',
        "print_0:string print_1:string print_2:string print_3:string",
        [["1.0", "00:05:00", "2026-11-29T00:00:00.0000000Z", '{"a":1}']],
    ),
    (
        "to times",
        'print todatetime("2026-11-29T10:00:00+02:00"), totimespan("1.02:03:04"), todatetime("no")',
        "print_0:datetime print_1:timespan print_2:datetime",
        [["2026-11-29T08:00:00Z", "1.02:03:04", None]],
    ),
    # dynamic
    (
        "paths",
        'T | take 2 | project d.k, tostring(d["k"]), d.list[0], d.list[-1], d.none',
        "d_k:dynamic d_k1:string d_list_0:dynamic d_list_:dynamic d_none:dynamic",
        [["v", "v", "1", "2", None], ["w", "w", None, None, None]],
    ),
    ("comparing what a path holds", 'T | where d.k == "v" or d.n > 2 | project n', "n:long", [[1], [2]]),
    (
        "text and number of a path differ",
        'print dynamic({"a": "1"}).a == 1, dynamic({"a": 1}).a == 1',
        "print_0:bool print_1:bool",
        [[False, True]],
    ),
    (
        "parse_json",
        'print parse_json("{\\"a\\": 5}").a, parse_json("no json")',
        "print_0:dynamic print_1:dynamic",
        [["5", "no json"]],
    ),
    (
        "lists",
        "print array_length(dynamic([1, 2])), array_concat(dynamic([1]), dynamic([2])), range(1, 7, 3), "
        "array_length(parse_json('5'))",
        "print_0:long print_1:dynamic print_2:dynamic print_3:long",
        [[2, "[1,2]", "[1,4,7]", None]],
    ),
    (
        "bags",
        (
            'print bag_pack("a", 1, "b", 2h), bag_keys(dynamic({"x": 1})), bag_merge(dynamic({"a": '
            '1}), dynamic({"a": 2}))'
        ),
        "print_0:dynamic print_1:dynamic print_2:dynamic",
        [['{"a":1,"b":"02:00:00"}', '["x"]', '{"a":1}']],
    ),
    # times
    (
        "bin",
        "print bin(4.5, 1), bin(-1, 5), bin(datetime(2026-11-29T10:07:31Z), 5m), bin(16d, 7d)",
        "print_0:real print_1:long print_2:datetime print_3:timespan",
        [[4.0, -5, "2026-11-29T10:05:00Z", "14.00:00:00"]],
    ),
    (
        "starts",
        "print startofday(datetime(2026-11-29T10:07:00Z)), startofweek(datetime(2026-11-26)), "
        "startofmonth(datetime(2026-11-29), -1), endofyear(datetime(2026-05-05))",
        "print_0:datetime print_1:datetime print_2:datetime print_3:datetime",
        [
            [
                "2026-11-29T00:00:00Z",
                "2026-11-22T00:00:00Z",
                "2026-10-01T00:00:00Z",
                "2026-12-31T23:59:59.9999999Z",
            ]
        ],
    ),
    (
        "parts",
        "print dayofweek(datetime(2026-11-29)), hourofday(datetime(2026-11-29T23:00:00Z)), "
        'datetime_part("minute", datetime(2026-11-29T10:07:00Z)), dayofyear(datetime(2026-02-01))',
        "print_0:timespan print_1:int print_2:int print_3:int",
        [["00:00:00", 23, 7, 32]],
    ),
    (
        "differences",
        'print datetime_diff("year", datetime(2027-01-01), datetime(2026-12-31)), '
        'datetime_diff("hour", datetime(2026-11-29T01:00:00Z), datetime(2026-11-29T00:59:00Z)), '
        'datetime_add("month", 1, datetime(2026-01-31))',
        "print_0:long print_1:long print_2:datetime",
        [[1, 1, "2026-02-28T00:00:00Z"]],
    ),
    (
        "formats",
        'print format_datetime(datetime(2026-11-29T15:04:05.123Z), "yy-MM-dd [HH:mm:ss.fff]"), '
        'format_timespan(26h, "dd.hh:mm:ss")',
        "print_0:string print_1:string",
        [["26-11-29 [15:04:05.123]", "01.02:00:00"]],
    ),
    (
        "now is the time of the query",
        "print now() - ago(1h), now(-1d)",
        "print_0:timespan print_1:datetime",
        [["01:00:00", "2026-11-28T12:00:00Z"]],
    ),
    # numbers
    (
        "rounding",
        "print round(2.15, 1), round(-1.5), floor(-1.2, 1), ceiling(1.2), sign(-3), abs(-2)",
        "print_0:real print_1:real print_2:real print_3:real print_4:real print_5:long",
        [[2.2, -2.0, -2.0, 2.0, -1.0, 2]],
    ),
    (
        "logarithms",
        "print log(1), exp(0), pow(2, 10), sqrt(16), sqrt(-1), log10(0)",
        "print_0:real print_1:real print_2:real print_3:real print_4:real print_5:real",
        [[0.0, 1.0, 1024.0, 4.0, "NaN", "-Infinity"]],
    ),
    # choices
    (
        "iff, case, coalesce",
        'T | project iff(n > 1, "many", "few"), case(n == 1, 1, n == 2, 2.5, 0), coalesce(n, -1)',
        "Column1:string Column2:real Column3:long",
        [["few", 1.0, 1], ["many", 2.5, 2], ["many", 0.0, 3], ["few", 0.0, -1]],
    ),
    # columns
    (
        "extend and project",
        "T | where n < 3 | extend m = n * 2, n = n + 1 | project n, m",
        "n:long m:long",
        [[2, 2], [3, 4]],
    ),
    (
        "keep, away, rename, reorder",
        "T | where n == 1 | project-keep n, s, r | project-away s | project-rename x = r | project-reorder x",
        "x:real n:long",
        [[1.5, 1]],
    ),
    ("distinct", "T | distinct s", "s:string", [["a"], ["b"], [""]]),
    ("count", "T | count", "Count:long", [[4]]),
    ("take", "T | project n | limit 1", "n:long", [[1]]),
    # order
    ("sort is descending, nulls last", "T | sort by n | project n", "n:long", [[3], [2], [1], [None]]),
    ("ascending has nulls first", "T | order by n asc | project n", "n:long", [[None], [1], [2], [3]]),
    (
        "nulls where they are wanted",
        "T | sort by n asc nulls last | project n",
        "n:long",
        [[1], [2], [3], [None]],
    ),
    (
        "several keys",
        "T | sort by s asc, n desc | project s, n",
        "s:string n:long",
        [["", None], ["a", 3], ["a", 1], ["b", 2]],
    ),
    ("top", "T | top 2 by r | project r", "r:real", [[4.5], [2.5]]),
    (
        "rows in order",
        "T | sort by at asc nulls last | extend i = row_number(), before = prev(n), total = row_cumsum(n) "
        "| where i < 4 | project i, before, total",
        "i:long before:long total:long",
        [[1, None, 1], [2, 1, 3], [3, 2, 6]],
    ),
    # summarize
    (
        "groups",
        "T | summarize count(), sum(n), avg(r), m = max(n) by s | sort by s asc",
        "s:string count_:long sum_n:long avg_r:real m:long",
        [["", 1, 0, 4.5, None], ["a", 2, 4, 1.5, 3], ["b", 1, 2, 2.5, 2]],
    ),
    (
        "of nothing",
        'T | where s == "z" | summarize count(), sum(n), avg(r), min(n), dcount(s), make_list(n), stdev(r), '
        "percentile(r, 50), countif(b)",
        (
            "count_:long sum_n:long avg_r:real min_n:long dcount_s:long list_n:dynamic stdev_r:real "
            "percentile_r_50:real countif_b:long"
        ),
        [[0, 0, "NaN", None, 0, "[]", 0.0, None, 0]],
    ),
    ("of nothing in groups", 'T | where s == "z" | summarize count() by s', "s:string count_:long", []),
    (
        "by time",
        "T | where isnotnull(at) | summarize c = count() by bin(at, 5m)",
        "at:datetime c:long",
        [["2026-11-29T10:00:00Z", 1], ["2026-11-29T10:05:00Z", 1], ["2026-11-29T10:10:00Z", 1]],
    ),
    (
        "conditions",
        'T | summarize countif(n > 1), sumif(n, s == "a"), dcountif(s, b), maxif(r, n < 2)',
        "countif_:long sumif_n:long dcountif_s:long maxif_r:real",
        [[2, 4, 1, 1.5]],
    ),
    (
        "expressions of aggregates",
        "T | summarize share = sumif(n, b) * 1.0 / sum(n)",
        "share:real",
        [[4 / 6]],
    ),
    (
        "the row of the greatest",
        "T | summarize arg_max(n, s, at) by b | sort by n asc | project n, s",
        "n:long s:string",
        [[None, ""], [2, "b"], [3, "a"]],
    ),
    (
        "all of the row",
        "T | summarize arg_min(n, *) | project n, s, r",
        "n:long s:string r:real",
        [[1, "a", 1.5]],
    ),
    (
        "percentiles",
        "range x from 1 to 10 step 1 | summarize percentiles(x, 50, 95), percentile(x, 10)",
        "percentile_x_50:long percentile_x_95:long percentile_x_10:long",
        [[5, 10, 1]],
    ),
    (
        "sets and lists",
        "T | summarize make_set(s), make_list(n), make_list_if(s, n > 1)",
        "set_s:dynamic list_n:dynamic list_s:dynamic",
        [['["a","b",""]', "[1,2,3]", '["b","a"]']],
    ),
    (
        "spread",
        "range x from 1 to 5 step 1 | summarize stdev(x), variance(x), stdevp(x)",
        "stdev_x:real variance_x:real stdevp_x:real",
        [[2.5**0.5, 2.5, 2**0.5]],
    ),
    ("only keys", "T | summarize by s | count", "Count:long", [[3]]),
    (
        "bags as one",
        'datatable(b:dynamic)[dynamic({"a":1}), dynamic({"b":2})] | summarize make_bag(b)',
        "bag_b:dynamic",
        [['{"a":1,"b":2}']],
    ),
    # several tables
    (
        "join of the same keys",
        'T | join kind=inner (datatable(s:string, v:long)["a", 7, "c", 9]) on s | project n, s, s1, v',
        "n:long s:string s1:string v:long",
        [[1, "a", "a", 7], [3, "a", "a", 7]],
    ),
    (
        "join takes one row of the left for each key",
        'T | join (datatable(s:string, v:long)["a", 7, "a", 8]) on s | project n, v',
        "n:long v:long",
        [[1, 7], [1, 8]],
    ),
    (
        "outer joins",
        'datatable(k:long, x:string)[1, "l", 2, "m"] | join kind=fullouter (datatable(k:long, '
        'y:string)[2, "r", 3, "q"]) '
        "on k | sort by k asc, k1 asc",
        "k:long x:string k1:long y:string",
        [[None, "", 3, "q"], [1, "l", None, ""], [2, "m", 2, "r"]],
    ),
    (
        "semi and anti",
        "let R = datatable(k:long)[2, 3]; datatable(k:long)[1, 2] | join kind=leftanti R on k | union "
        "(datatable(k:long)[1, 2] | join kind=leftsemi R on k)",
        "k:long",
        [[1], [2]],
    ),
    (
        "two names of a key",
        "datatable(a:long)[1, 2] | join kind=inner (datatable(b:long)[2]) on $left.a == $right.b",
        "a:long b:long",
        [[2, 2]],
    ),
    (
        "lookup keeps the left and one key",
        'datatable(k:long)[1, 2] | lookup (datatable(k:long, v:string)[2, "x"]) on k',
        "k:long v:string",
        [[1, ""], [2, "x"]],
    ),
    (
        "union",
        'union withsource=t (datatable(a:long)[1]), (datatable(a:long, b:string)[2, "x"])',
        "t:string a:long b:string",
        [["union_arg0", 1, ""], ["union_arg1", 2, "x"]],
    ),
    # rows from rows
    (
        "mv-expand",
        "T | where n == 1 | mv-expand v = d.list to typeof(long) | project n, v",
        "n:long v:long",
        [[1, 1], [1, 2]],
    ),
    (
        "mv-expand of bags",
        'print d = dynamic({"a": 1, "b": 2}) | mv-expand d',
        "d:dynamic",
        [['{"a":1}'], ['{"b":2}']],
    ),
    (
        "parse",
        'print s = "Event: name=PageRead, id=27, took 1.5s" | parse s with * "name=" name ", id=" '
        'id:long ", took " took:real "s" '
        "| project name, id, took",
        "name:string id:long took:real",
        [["PageRead", 27, 1.5]],
    ),
    (
        "parse of what does not fit",
        'print s = "id=x" | parse s with "id=" id:long | project id',
        "id:long",
        [[None]],
    ),
    (
        "make-series",
        "T | make-series c = count() default = 0 on at from datetime(2026-11-29T10:00:00Z) to "
        "datetime(2026-11-29T10:20:00Z) step 5m",
        "c:dynamic at:dynamic",
        [
            [
                "[1,1,1,0]",
                '["2026-11-29T10:00:00.0000000Z","2026-11-29T10:05:00.0000000Z","2026-11-29T10:10:00.0000000Z",'
                '"2026-11-29T10:15:00.0000000Z"]',
            ]
        ],
    ),
    ("range", "range x from 0 to 1 step 0.5", "x:real", [[0.0], [0.5], [1.0]]),
    (
        "range of times",
        "range t from datetime(2026-11-29) to datetime(2026-11-30) step 12h | count",
        "Count:long",
        [[3]],
    ),
    # statements
    ("let", "let limit = 2; let big = T | where n >= limit; big | count", "Count:long", [[2]]),
    (
        "functions",
        "let times = (x:long, by2:long = 2) { x * by2 }; T | where n == 2 | project times(n), times(n, 5)",
        "Column1:long Column2:long",
        [[4, 10]],
    ),
    (
        "functions of tables",
        "let least = (t:(n:long), low:long) { t | where n >= low }; least(T, 3) | project n",
        "n:long",
        [[3]],
    ),
    (
        "toscalar",
        "let most = toscalar(T | summarize max(n)); T | where n == most | project s",
        "s:string",
        [["a"]],
    ),
    ("as", "T | where n == 1 | as One | project n | union (One | project n)", "n:long", [[1], [1]]),
    (
        "comments and names in brackets",
        "T // all of it\n| where ['n'] == 1 // one\n| project ['my n'] = n",
        "my n:long",
        [[1]],
    ),
]

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
