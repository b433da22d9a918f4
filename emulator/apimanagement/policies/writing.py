"""Trees into documents again, in the format `xml` or `rawxml`."""

from __future__ import annotations

from xml.sax.saxutils import escape

from emulator.apimanagement.policies.reading import RAW, VERBATIM, XML
from emulator.apimanagement.policies.tree import FRAGMENT, Document, Policy, Value

_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def write(document: Document, form: str = XML) -> str:
    """The document's text, which `reading.read` reads as the same tree."""
    lines = [f"<{document.root}>"]
    if document.root == FRAGMENT:
        for one in document.policies:
            _write(one, form, 1, lines)
    else:
        for name, section in document.sections.items():
            lines.append(f"  <{name}>")
            for one in section:
                _write(one, form, 2, lines)
            lines.append(f"  </{name}>")
    lines.append(f"</{document.root}>")
    return "\n".join(lines) + "\n"


def _write(policy: Policy, form: str, depth: int, lines: list[str]) -> None:
    indent = "  " * depth
    attributes = "".join(f' {name}="{_attribute(value, form)}"' for name, value in policy.attributes.items())
    start = f"{indent}<{policy.name}{attributes}"
    if policy.text is not None:
        lines.append(f"{start}>{_text(policy, policy.text, form)}</{policy.name}>")
    elif policy.children:
        lines.append(f"{start}>")
        for one in policy.children:
            _write(one, form, depth + 1, lines)
        lines.append(f"{indent}</{policy.name}>")
    else:
        lines.append(f"{start} />")


def _attribute(value: Value, form: str) -> str:
    if form == RAW and value.is_expression and "&" not in value.text:
        return value.text
    return escape(value.text, _QUOTED)


def _text(policy: Policy, value: Value, form: str) -> str:
    if form == RAW and value.is_expression and "&" not in value.text:
        return value.text
    if policy.name in VERBATIM and "<" in value.text and "]]>" not in value.text and not value.is_expression:
        return f"<![CDATA[{value.text}]]>"
    return escape(value.text, {"\r": "&#13;"})
