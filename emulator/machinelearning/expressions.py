"""The binding language of jobs: ``${{...}}`` references and ``$[[...]]`` optional parts of a command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

REFERENCE = re.compile(r"\$\{\{\s*([^{}]*?)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.\-]*"
STEP = r"[A-Za-z0-9_\-]+"
FORMS = (
    ("parent_input", re.compile(rf"parent\.inputs\.(?P<name>{NAME})")),
    ("parent_output", re.compile(rf"parent\.outputs\.(?P<name>{NAME})")),
    ("step_output", re.compile(rf"parent\.jobs\.(?P<step>{STEP})\.outputs\.(?P<name>{NAME})")),
    ("input", re.compile(rf"inputs\.(?P<name>{NAME})")),
    ("output", re.compile(rf"outputs\.(?P<name>{NAME})")),
    ("search", re.compile(rf"search_space\.(?P<name>{NAME})")),
    ("job_name", re.compile(r"(?P<name>name)")),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``${{...}}``; ``form`` is a key of FORMS or "unknown"."""

    form: str
    name: str
    step: str = ""
    text: str = ""


def parse_reference(inner: str) -> Reference:
    """What stands between ``${{`` and ``}}``."""
    for form, pattern in FORMS:
        if match := pattern.fullmatch(inner):
            groups = match.groupdict()
            return Reference(form, groups["name"], groups.get("step") or "", inner)
    return Reference("unknown", inner, "", inner)


def references(text: str) -> Iterator[Reference]:
    """Every reference in ``text``, in order."""
    for match in REFERENCE.finditer(text):
        yield parse_reference(match[1])


def whole(text: str) -> Reference | None:
    """The reference that ``text`` consists of, or None when it is anything else."""
    match = REFERENCE.fullmatch(text.strip())
    return parse_reference(match[1]) if match else None


def substitute(text: str, value: Callable[[Reference], str]) -> str:
    """``text`` with every reference replaced by its value."""
    return REFERENCE.sub(lambda match: value(parse_reference(match[1])), text)


def render_command(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command line of one run.

    ``inputs`` holds only those that have a value: an optional part ``$[[...]]`` is left out when one of its
    inputs has none. KeyError names a reference that has no value outside such a part.
    """

    def keep(match: re.Match[str]) -> str:
        needed = [reference.name for reference in references(match[1]) if reference.form == "input"]
        return match[1] if all(name in inputs for name in needed) else ""

    def value(reference: Reference) -> str:
        table = {"input": inputs, "output": outputs}.get(reference.form, {})
        if reference.name not in table:
            raise KeyError(reference.text)
        return table[reference.name]

    return substitute(OPTIONAL.sub(keep, command), value)


def required_references(command: str) -> list[Reference]:
    """The references of a command that must have a value: those outside optional parts."""
    return list(references(OPTIONAL.sub("", command)))
