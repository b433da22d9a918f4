"""Expressions with the answers that the documentation gives: the yardstick of the engine."""

from typing import Final

from tests.emulator.monitor.kusto_rows import Row

EXPRESSIONS: Final[list[Row]] = [
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
]
