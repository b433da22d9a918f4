"""The page about API Management's policies: from the tables by which they are checked and run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final

from emulator.apimanagement.policies.csharp.lexer import MAX_CHAIN, MAX_DEPTH
from emulator.apimanagement.policies.expressions.allowed import ALLOWED
from emulator.apimanagement.policies.expressions.evaluate import MOST_CALLS, MOST_SECONDS, MOST_STEPS
from emulator.apimanagement.policies.expressions.patterns import SHORT
from emulator.apimanagement.policies.expressions.types import TYPES, TypeInfo
from emulator.apimanagement.policies.expressions.values import MOST, MOST_IN_ALL
from emulator.apimanagement.policies.reading import MAX_BYTES
from emulator.apimanagement.policies.table import POLICIES, SCOPES, Element
from emulator.apimanagement.policies.tree import SECTIONS
from emulator.home import REPOSITORY

PAGE: Final = REPOSITORY / "docs" / "emulator" / "policies.md"
SNIPPETS: Final = REPOSITORY / "docs" / "emulator" / "policy-snippets.json"
HEAD: Final = """# Policies of API Management, and their expressions
A policy, or a fragment, is checked when it is put, in the formats `xml` (escaped) and `rawxml` (expressions
stand as they are). What Azure refuses is refused in its words, as far as they are known, all of it at once:

```json
{"error": {"code": "ValidationError", "message": "One or more fields contain incorrect values:", "details": [
  {"code": "ValidationError", "target": "choose", "message":
   "Error in element 'choose' on line 4, column 6: The name 'x' does not exist in the current context"}]}}
```

What Azure knows and the emulator does not (a policy, a type, a member) is refused with 501 `NotEmulated` by
its name, when it is put: nothing is kept that would fail later for that reason. [gateway.md](gateway.md) says
how policies run.
"""
EXPRESSIONS: Final = f"""
## Expressions
C# 7 without types of one's own, `await`, `goto`, `yield`, `lock`, pointers, query syntax and patterns in
`case`. A value is an expression where all of it is `@(…)` or `@{{…}}`. Named values are put in as text
first. The compiler's refusals (a name, a type, a member, the number of arguments, a condition that is no
`bool`, a path without `return`) come when the policy is put; what only a value tells comes as
`ExpressionValueEvaluationFailure` when it runs.

| limit | at most |
|---|---|
| a document | {MAX_BYTES // 1024} KiB |
| brackets in brackets; operators or calls in a chain | {MAX_DEPTH}; {MAX_CHAIN} |
| steps, time of one evaluation | {MOST_STEPS:,}, {MOST_SECONDS:g} s |
| functions in functions | {MOST_CALLS} |
| characters or elements of one value; of all that an evaluation makes | {MOST:,}; {MOST_IN_ALL:,} |
| text for a regular expression with several `*` or `+` | {SHORT:,} characters |

A limit passed is an `ExpressionValueEvaluationFailure` that no `catch` catches. A regular expression with a
repetition or alternatives inside a repetition without end is refused. Times are UTC, the culture is the
invariant one, text lines end as on Windows.

### Types and their members
Static ones in italics.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_sections()) + "\n"


def _sections() -> Iterator[str]:
    yield "\n## Policies that run"
    yield "Every one takes `id` as well. Attributes in bold are required.\n"
    yield "| policy | sections | attributes | inside |\n|---|---|---|---|"
    for name in sorted(POLICIES):
        row = POLICIES[name]
        if row.runs:
            yield f"| `{name}` | {_where(row)} | {_attributes(row)} | {_inside(row)} |"
    yield "\n## Policies that are refused by name"
    refused = _words(name for name in sorted(POLICIES) if not POLICIES[name].runs)
    yield _line(f"{refused}.")
    yield "\nOf those that run:\n\n| in | not emulated |\n|---|---|"
    for name in sorted(POLICIES):
        parts = list(_refused_parts(POLICIES[name])) if POLICIES[name].runs else []
        if parts:
            yield f"| `{name}` | {', '.join(parts)} |"
    yield EXPRESSIONS.rstrip("\n")
    yield "\n| type | members |\n|---|---|"
    for name in sorted(TYPES, key=str.lower):
        members = _members(TYPES[name])
        if members:
            yield f"| `{name}` | {members} |"
    yield "\n### Types that Azure allows and the emulator refuses by name"
    known = {info.full for info in TYPES.values()}
    yield _line(f"{_words(sorted(set(ALLOWED) - known))}.")
    yield from _snippets()


def _refused_parts(row: Element) -> Iterator[str]:
    """Attributes, words and elements of a policy that are refused by name."""
    for name, words in row.refused.items():
        shown = f" ({', '.join(words)})" if words else ""
        yield f"`{name}`{shown}"
    for name, (one, _) in row.inside.items():
        if not one.runs:
            yield f"`<{name}>`"
        elif name not in POLICIES:
            yield from (f"`{name}`: {part}" for part in _refused_parts(one))


def _where(row: Element) -> str:
    scopes = f" (scope {', '.join(row.scopes)})" if row.scopes != SCOPES else ""
    return f"{'all' if row.sections == SECTIONS else ', '.join(row.sections)}{scopes}"


def _attributes(row: Element) -> str:
    found = [f"**`{name}`**{_choices(row, name)}" for name in row.required]
    kept = [name for name in row.optional if name != "id" and row.refused.get(name, "some")]
    found += [f"`{name}`{_choices(row, name)}" for name in kept]
    return ", ".join(found)


def _choices(row: Element, name: str) -> str:
    words = [word for word in row.choices.get(name, ()) if word not in row.refused.get(name, ())]
    return f" ({', '.join(words)})" if words else ""


def _inside(row: Element) -> str:
    found = ["policies"] if row.policies else []
    for name, (one, count) in row.inside.items():
        if one.runs:
            given = f" {_attributes(one)}" if one.attributes and name not in POLICIES else ""
            many = "" if count == "1" else count.replace("*", r"\*")
            found.append(f"`{name}`{many}{given}")
    if row.text != "none":
        found.append("text")
    return "; ".join(found)


def _members(info: TypeInfo) -> str:
    limited = ALLOWED.get(info.full)

    def listed(names: Iterable[str]) -> list[str]:
        return [name for name in names if limited is None or name in limited]

    found = ["`new`"] if info.make is not None else []
    found += [f"*{name}*" for name in sorted(listed(info.statics))]
    found += sorted(listed(info.members))
    return ", ".join(found)


def _snippets() -> Iterator[str]:
    rows: list[dict[str, Any]] = json.loads(SNIPPETS.read_text())
    parsed, expressions = (sum(row[key] for row in rows) for key in ("parsed", "expressions"))
    whole = sum(row["read"] and row["parsed"] == row["expressions"] for row in rows)
    yield "\n## Microsoft's policy snippets"
    read, runs = (sum(row[key] for row in rows) for key in ("read", "runs"))
    yield _line(
        f"Of the {len(rows)} files of Azure/api-management-policy-snippets {read} are read in their raw "
        f"dialect; {parsed} of their {expressions} expressions ({parsed / expressions:.1%}) become syntax "
        f'trees, in {whole} files all of them. What does not parse is no C#: texts like `"latlong="""`, '
        f"which a formatter has left in three files. {runs} files would run as they are. Measured by `python "
        "-m tools.policy_snippets FOLDER` over a checkout; the files themselves are not kept here."
    )
    yield "\n| file | expressions | runs | otherwise why not |\n|---|---|---|---|"
    for row in rows:
        why = [f"Azure refuses: {one}" for one in row["refused"]]
        why += [f"not emulated: {one}" for one in row["unknown"]]
        shown = "; ".join(why).replace("|", "\\|")
        figures = f"{row['parsed']} of {row['expressions']}"
        runs = "yes" if row["runs"] else "no"
        yield f"| {row['name'].removeprefix('examples/')} | {figures} | {runs} | {shown} |"


def _line(text: str) -> str:
    return textwrap.fill(text, 110, break_on_hyphens=False, break_long_words=False)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
