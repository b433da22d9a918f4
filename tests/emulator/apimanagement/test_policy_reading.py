"""Documents of both formats are read into trees; what is no document is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apimanagement.policies.errors import PolicyError
from emulator.apimanagement.policies.reading import MAX_BYTES, RAW, XML, read
from emulator.apimanagement.policies.tree import SECTIONS, Document, Policy, Position, Value
from emulator.apimanagement.policies.writing import write
from infra import gateway

RAW_TEXT = """<!-- "one" -->
<policies>
  <inbound>
    <base />
    <set-variable name="a" value="@(context.Variables["b"] as string ?? "<'>" + (1 < 2 && 3 > 2))" />
    <set-header name='x' exists-action='override'>
      <value>
        @{
          // it's "odd" </value>
          return new List<string>() { "</value>" }[0];
        }
      </value>
    </set-header>
    <choose>
      <when condition="@(context.Request.Method == &quot;GET&quot; &amp;&amp; 1 &lt;= {{most}})">
        <set-body>{"a": 1, "b": "&amp;", "c": {{most}}}</set-body>
      </when>
      <otherwise />
    </choose>
  </inbound>
  <outbound />
</policies>
"""


def test_raw_expressions_end_where_csharp_ends_them() -> None:
    document = read(RAW_TEXT, RAW)
    base, variable, header, choose = document.section("inbound")
    assert base == Policy("base") and document.sections["outbound"] == ()
    value = variable.attributes["value"]
    assert value.text == """@(context.Variables["b"] as string ?? "<'>" + (1 < 2 && 3 > 2))"""
    assert value.position == Position(5, 35) and variable.position == Position(5, 6)
    text = header.children[0].text
    assert text is not None and text.is_expression and text.expression.endswith("[0];\n        }")
    assert text.position == Position(8, 9)
    when, otherwise = choose.children
    condition = when.get("condition")
    assert condition is not None and condition.named_values == ("most",)
    assert condition.text == '@(context.Request.Method == "GET" && 1 <= {{most}})'
    assert otherwise == Policy("otherwise")
    body = when.child("set-body")
    assert body and body.text and body.text.text == '{"a": 1, "b": "&", "c": {{most}}}'
    bound = document.bound({"most": "5"})
    assert bound.named_values() == () and document.named_values() == ("most",)


def test_set_body_is_one_text_with_its_elements() -> None:
    for form in (XML, RAW):
        for inner, text in (
            ("<a b='1'><c/></a>", "<a b='1'><c/></a>"),
            ("<![CDATA[<a>]]>", "<a>"),
            ("a &lt; b", "a < b"),
            ("  ", None),
        ):
            document = read(f"<policies><inbound><set-body>{inner}</set-body></inbound></policies>", form)
            found = document.section("inbound")[0].text
            assert (found.text if found else None) == text


@pytest.mark.parametrize("name", [path.name for path in sorted(gateway.FOLDER.glob("*.xml"))])
def test_the_estates_own_policies_are_read_alike_in_both_formats(name: str) -> None:
    text = gateway.text(name)
    root = "fragment" if "<fragment>" in text else "policies"
    assert read(text, XML, root) == read(text, RAW, root)


REFUSED = {
    "<policies><inbound>": (RAW, "'</inbound>' is expected", 1),
    "<policies>\n  <inbound></outbound>\n</policies>": (RAW, "'</inbound>' is expected", 2),
    "<policies>\n<inbound><a b='1' b='2'/></inbound></policies>": (RAW, "stands here twice", 2),
    "<policies><inbound/><inbound/></policies>": (RAW, "stands here twice", 1),
    "<policies><inbound><a b=1/></inbound></policies>": (RAW, "not in quotes", 1),
    "<policies><inbound><a b='1/></inbound></policies>": (RAW, "is not closed", 1),
    "<policies>\n\n<inbound>text</inbound></policies>": (RAW, "cannot contain text", 3),
    "<policies>\n<inbound><a>text<b/></a></inbound></policies>": (RAW, "cannot contain text", 2),
    "<policies a='1'/>": (RAW, "The 'a' attribute is not declared", 1),
    "<policies/><policies/>": (RAW, "text behind", 1),
    "<fragment/>": (RAW, "'policies' is expected", 1),
    "": (RAW, "an element is expected", 1),
    '<policies>\n<inbound><a b="@("c")" /></inbound></policies>': (XML, "not well-formed", 2),
    "<policies>" + "<a>" * 100: (RAW, "nested too deeply", 1),
    f"<policies>{' ' * MAX_BYTES}</policies>": (RAW, "are the most", 1),
}


@pytest.mark.parametrize("text", REFUSED, ids=[words for _, words, _ in REFUSED.values()])
def test_what_is_no_document_is_refused_with_its_line(text: str) -> None:
    form, words, line = REFUSED[text]
    with pytest.raises(PolicyError, match=words) as caught:
        read(text, form)
    assert caught.value.position.line == line


def test_an_expression_that_is_no_csharp_still_has_an_end() -> None:
    text = '<policies><inbound><a b="@(c["d)" /><e>@{ return "f; }</e></inbound></policies>'
    one, two = read(text, RAW).section("inbound")
    assert one.attributes["b"].text == '@(c["d)'
    assert two.text is not None and two.text.text == '@{ return "f; }'


names = st.from_regex(r"[a-z][a-z-]{0,6}", fullmatch=True).filter(lambda name: name != "set-body")
# A carriage return is not kept by XML, and neither are its forbidden characters.
literals = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
expressions = st.sampled_from(
    ('@("a" + b["<"])', "@(1 < 2 && c)", '@{ return "</value>"; }', "@(x => '\"')", '@($"{a}&amp;")')
)
values = st.one_of(literals, expressions).map(Value)
shown = values.filter(lambda value: bool(value.text.strip()))
policies = st.recursive(
    st.one_of(
        st.builds(Policy, names, st.dictionaries(names, values, max_size=2), st.just(()), shown),
        st.builds(Policy, st.just("set-body"), st.just({}), st.just(()), shown),
        st.builds(Policy, names),
    ),
    lambda inner: st.builds(
        Policy, names, st.dictionaries(names, values, max_size=2), st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(SECTIONS), st.lists(policies, max_size=2).map(tuple)).map(
    lambda sections: Document(sections=sections)
)


@settings(max_examples=100, deadline=None)
@given(documents, st.sampled_from((XML, RAW)))
def test_a_written_document_is_read_as_the_same_tree(document: Document, form: str) -> None:
    assert read(write(document, form), form) == document


PIECES = (
    "<a",
    "<a>",
    "</a>",
    "/>",
    ">",
    " x=",
    '"',
    "'",
    "@(",
    "@{",
    ")",
    "}",
    "&lt;",
    "<!--",
    "-->",
    "<set-body>",
    "text",
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES)), st.sampled_from((XML, RAW)))
def test_what_is_no_document_is_an_error_and_nothing_else(pieces: list[str], form: str) -> None:
    text = f"<policies><inbound>{''.join(pieces)}</inbound></policies>"
    try:
        document = read(text, form)
    except PolicyError:
        return
    assert read(write(document, form), form) == document


def test_a_document_with_many_broken_expressions_is_given_up() -> None:
    broken = '<a b="@(" />'
    assert len(read(f"<policies><inbound>{broken * 20}</inbound></policies>", RAW).section("inbound")) == 20
    with pytest.raises(PolicyError, match="more than 20 expressions are no C#"):
        read(f"<policies><inbound>{broken * 21}</inbound></policies>", RAW)
