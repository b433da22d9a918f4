"""C# of policy expressions: each construct parses, and a printed tree is read as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.lexer import KEYWORDS, OPERATORS
from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.csharp.precedence import PRECEDENCE
from emulator.apimanagement.policies.csharp.printing import show
from emulator.apimanagement.policies.csharp.words import PREDEFINED
from emulator.apimanagement.policies.errors import ExpressionError

PARSED = {
    # What the documentation shows as examples.
    "a literal": "@(true)",
    "a method of a sum": "@((1+1).ToString())",
    "a verbatim string": r'@(Regex.Match(h, @"max-age=(?<maxAge>\d+)").Groups["maxAge"]?.Value)',
    "a conditional with a cast": '@(v.ContainsKey("a") ? int.Parse((string)v["a"]) : 3600)',
    "out": '@{ string[] value; if (h.TryGetValue("A", out value)) { return value[0]; } return null; }',
    "out with a declaration": '@(h.TryGetValue("A", out var value) ? value[0] : "")',
    "comments": "@{ // don't\n /* it's */ return 1; }",
    "a lambda": "@(a.Where(x => x.Trim() != null))",
    "a lambda of two": "@(a.Select((x, i) => x + i))",
    "a lambda of a type": "@(a.Select((string x) => { return x; }))",
    "generics": "@(context.Request.Body.As<JObject>(preserveContent: true))",
    "generics in generics": "@(new Dictionary<string, List<int>>())",
    "less than, no generics": "@(int.Parse(a)<256000 && b > c)",
    "as and is": "@((a as string) ?? (b is JObject) ? 1 : 2)",
    "a pattern with a name": "@(a is string text && text.Length > 1)",
    "a null pattern": "@(a is null)",
    "conditional access": "@(a?.B(1)?.C[0]?.D ?? e?[1])",
    "an object initialiser": "@(new HMACSHA256 { Key = k })",
    "a collection initialiser": '@(new Dictionary<string, string>() { { "a", b }, ["c"] = d, })',
    "a list": '@(new List<string> { "a", "b", })',
    "arrays": '@(new[] { "a" }.Length + new byte[] { 1, 2, }.Length + new int[3].Length)',
    "anonymous types": "@(new { exp, typ = 1, context.Api.Name })",
    "interpolation": '@($"a{b,5:N2}{{c}}{(d ? $":{e["f"]}" : "")}")',
    "verbatim interpolation": '@($@"a""{b}\\")',
    "locals and constants": "@{ var a = 1; int b, c = 2; const uint d = 3; byte[] e = { 1 }; return a; }",
    "foreach, for, while, do": (
        "@{ foreach (var a in b) { continue; } for (int i = 0, j = 1; i < 2; i++, j--) break; "
        "while (true) { break; } do { a--; } while (a > 0); return a; }"
    ),
    "if, else if": "@{ if (a) return 1; else if (b) { return 2; } else return 3; }",
    "try": '@{ try { throw new Exception("a"); } catch (Exception e) when (e.Message == "a") { throw; } '
    "finally { a = 1; } }",
    "switch": '@{ switch (a) { case "b": case "c": return 1; default: return 2; } }',
    "local functions": "@{ int F(int x) { return x * 2; } int G() => 3; return F(G()); }",
    "using": "@{ using (var a = b) { return a; } }",
    "unchecked": "@{ unchecked { a = (byte)(b >> 8); } return checked(a + 1); }",
    "shifts": "@(a << 2 >> 1 >= b)",
    "assignments": "@{ a += 1; b ??= c; d >>= 2; e <<= 1; return a = b = c; }",
    "numbers": "@(1 + 0xFFu + 0b101 + 1L + 1.5 + .5f + 2e3 + 1_000 + 1.0m)",
    "characters": r"@(a.Split(',', '\'', '\n', '\u0041'))",
    "tuples": "@((a, b: 2).Item1)",
    "typeof and default": "@(typeof(string) == default(int) || default)",
    "a named value": "@(new Random().Next(1, 100) <= {{weight}})",
    "casts in casts": '@((string)((JObject)context.Variables["a"])["b"])',
    "a minus behind a cast": "@((int)-1 + (a) - 1)",
}
REFUSED = {
    '@("a': ("Newline in constant", 1),
    "@(a b)": ("\\) expected", 1),
    "@(": ("\\) expected", 1),
    "@(a) b": ("text behind", 1),
    "@{ return 1 }": ("; expected", 1),
    "@{\n  return a +;\n}": ("Invalid expression term ';'", 2),
    '@(a.Equals("b="""))': ("expected", 1),
    "@(from x in y select x)": ("query syntax is not emulated", 1),
    "@{ class A {} return 1; }": ("types", 1),
    "@(1.Foo.)": ("Identifier expected|not a number", 1),
    "@(99999999999999999999)": ("too large", 1),
    r'@("\q")': ("Unrecognized escape", 1),
    "@(new Foo)": ("requires", 1),
    "@(a ? b)": (": expected", 1),
    "@(" + "(" * 150 + "1" + ")" * 150 + ")": ("too", 1),
    "@(" + "!" * 500 + "a)": ("too deeply", 1),
    "@(" + "a+" * 300 + "a)": ("too long", 1),
}


@pytest.mark.parametrize("code", PARSED.values(), ids=PARSED.keys())
def test_each_construct_parses_and_is_printed_the_same(code: str) -> None:
    tree = parse(code)
    assert parse(show(tree)) == tree


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_no_csharp_is_refused_with_its_place(code: str) -> None:
    words, line = REFUSED[code]
    with pytest.raises(ExpressionError, match=words) as caught:
        parse(code)
    assert caught.value.position.line == line


def test_operators_bind_as_in_csharp() -> None:
    for code, brackets in (
        ("a + b * c - d", "(a + (b * c)) - d"),
        ("a || b && c == d", "a || (b && (c == d))"),
        ("a ?? b ?? c", "a ?? (b ?? c)"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a & b == c", "a & (b == c)"),
        ("a << b + c", "a << (b + c)"),
        ("!a.B && -c > d", "((!(a.B)) && ((-c) > d))"),
        ("(string)a.B", "(string)(a.B)"),
        ("a is b == c", "(a is b) == c"),
        ("x => x ? a : b", "x => (x ? a : b)"),
    ):
        assert parse(f"@({code})") == parse(f"@({brackets})")


def test_a_node_knows_where_it_stands() -> None:
    tree = parse("@(a +\n  context.Foo)")
    member = next(node for node in tree.walk() if isinstance(node, syntax.Member))
    assert member.name == "Foo" and member.at == len("@(a +\n  context")


def test_a_long_crooked_text_ends_soon() -> None:
    """Casts and brackets in each other are read once, not twice a level."""
    with pytest.raises(ExpressionError):
        parse("@(" + "(A)(" * 40 + "%" + ")" * 40 + ")")
    with pytest.raises(ExpressionError):
        parse("@(" + "a<" * 90 + ";)")


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9]{0,5}", fullmatch=True).filter(
    lambda name: name not in KEYWORDS and name not in ("from", "when", "yield")
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=8)
types = st.recursive(
    st.builds(syntax.Type, st.one_of(names, st.sampled_from(sorted(PREDEFINED - {"void"})))),
    lambda inner: st.builds(
        syntax.Type,
        names,
        st.lists(inner, max_size=2).map(tuple),
        st.lists(st.integers(1, 3), max_size=2).map(tuple),
        st.booleans(),
    ),
    max_leaves=3,
)
numbers = st.one_of(
    st.integers(0, 2**31 - 1).map(lambda value: syntax.Literal(value, "int")),
    st.integers(0, 2**63 - 1).map(lambda value: syntax.Literal(value, "long")),
    st.floats(0, 1e300).map(lambda value: syntax.Literal(value, "double")),
    st.decimals(0, 10**9, places=3).map(lambda value: syntax.Literal(value, "decimal")),
)
leaves = st.one_of(
    st.builds(syntax.Name, names),
    texts.map(lambda value: syntax.Literal(value, "string")),
    st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029").map(
        lambda value: syntax.Literal(value, "char")
    ),
    st.booleans().map(lambda value: syntax.Literal(value, "bool")),
    st.just(syntax.Literal(None, "null")),
    numbers,
)


def _deeper(inner: st.SearchStrategy[syntax.Expression]) -> st.SearchStrategy[syntax.Expression]:
    arguments = st.lists(st.builds(syntax.Argument, inner), max_size=2).map(tuple)
    binary = [operator for operator, level in PRECEDENCE.items() if level > 2 and operator.strip("isa")]
    hole = st.builds(syntax.Hole, inner, st.none(), st.sampled_from((None, "x2", "yyyy-MM-dd")))
    returned = inner.map(lambda value: syntax.Block((syntax.Return(value),)))
    return st.one_of(
        st.builds(syntax.Binary, st.sampled_from(binary), inner, inner),
        st.builds(syntax.Unary, st.sampled_from("!-~"), inner),
        st.builds(syntax.Conditional, inner, inner, inner),
        st.builds(syntax.Member, inner, names),
        st.builds(syntax.Call, st.builds(syntax.Member, inner, names), arguments),
        st.builds(syntax.Index, inner, st.builds(syntax.Argument, inner).map(lambda one: (one,))),
        st.builds(syntax.Cast, types, inner),
        st.builds(syntax.Is, inner, types.map(lambda one: syntax.Type(one.name, one.arguments, one.ranks))),
        st.builds(
            syntax.Lambda,
            st.lists(st.builds(syntax.Parameter, names), max_size=2).map(tuple),
            st.one_of(inner, returned),
        ),
        st.builds(syntax.NewAnonymous, st.lists(st.tuples(names, inner), max_size=2).map(tuple)),
        st.lists(hole, min_size=1, max_size=2).map(
            lambda holes: syntax.Interpolated(tuple(part for hole in holes for part in ("{a\"\\'}", hole)))
        ),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(leaves, _deeper, max_leaves=12))
def test_a_printed_tree_is_read_as_the_same_tree(tree: syntax.Expression) -> None:
    assert parse(show(tree)) == tree


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(sorted({*KEYWORDS, *OPERATORS, '"a"', '$"', "{{a}}", "x", "1", "\n", "//", "'"}))
    )
)
def test_what_is_no_csharp_is_an_error_and_nothing_else(words: list[str]) -> None:
    for code in (f"@({' '.join(words)})", f"@{{{' '.join(words)}}}"):
        try:
            tree = parse(code)
        except ExpressionError:
            continue
        assert parse(show(tree)) == tree
