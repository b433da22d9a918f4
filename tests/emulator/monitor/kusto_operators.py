"""Operators and statements with the answers that the documentation gives: the yardstick of the engine."""

from typing import Final

from tests.emulator.monitor.kusto_rows import Row

OPERATORS: Final[list[Row]] = [
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
