"""How much of other people's policies is read and would run: `python -m tools.policy_snippets FOLDER`.

The folder is a checkout of Azure/api-management-policy-snippets, or any with policies in it. What is found is
written into docs/emulator/policy-snippets.json, which `make docs` puts on the page of policies; the files
themselves are not kept.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.errors import ExpressionError, PolicyError
from emulator.apimanagement.policies.reading import RAW, read
from emulator.apimanagement.policies.tree import DOCUMENT, FRAGMENT, SECTIONS, Document
from emulator.apimanagement.policies.validation import Findings, validate

RESULTS: Final = Path(__file__).resolve().parents[1] / "docs/emulator/policy-snippets.json"
SCOPES: Final = ("product", "operation", "api", "global")


@dataclass(frozen=True)
class Result:
    """One file. read: whether it is a document; expressions, parsed: how many it has and how many are C#.

    refused: why Azure would not take it; unknown: what is not emulated. It runs where both are empty.
    """

    name: str
    read: bool
    expressions: int
    parsed: int
    refused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether the gateway would run it."""
        return not self.refused and not self.unknown


class Everything:
    """A service that holds whatever a policy names."""

    def __init__(self, document: Document) -> None:
        self._values = dict.fromkeys(document.named_values())

    def fragment(self, name: str) -> bool:
        """It does."""
        return True

    def backend(self, name: str) -> bool:
        """It does."""
        return True

    def named_values(self) -> Mapping[str, str | None]:
        """All that the document names, without values."""
        return self._values


def result(name: str, text: str) -> Result:
    """What is found of one file in the raw dialect."""
    root = FRAGMENT if f"<{FRAGMENT}>" in text and f"<{DOCUMENT}>" not in text else DOCUMENT
    try:
        document = read(text, RAW, root)
    except PolicyError as error:
        return Result(name, False, 0, 0, (str(error),))
    values = [value for one in document.walk() for value in one.values() if value.is_expression]
    found = _best(document)
    return Result(
        name,
        True,
        len(values),
        sum(map(_parses, (value.expression for value in values))),
        tuple(dict.fromkeys(f"{one.element}: {one.message}" for one in found.errors)),
        tuple(dict.fromkeys(found.unknown)),
    )


def _parses(expression: str) -> bool:
    try:
        parse(expression)
    except ExpressionError:
        return False
    return True


def _best(document: Document) -> Findings:
    """What is wrong with it at the scope where the least is: a file does not say where it belongs."""
    scopes = (None,) if document.root == FRAGMENT else SCOPES
    found = [validate(document, Everything(document), scope) for scope in scopes]
    return min(found, key=lambda one: len(one.errors) + len(one.unknown))


def results(folder: Path) -> list[Result]:
    """Every policy below a folder, by its path there."""
    paths = sorted(path for path in folder.rglob("*.xml") if _is_policy(path))
    return [
        result(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8-sig")) for path in paths
    ]


def _is_policy(path: Path) -> bool:
    text = path.read_text(encoding="utf-8-sig")
    return any(f"<{name}" in text for name in (DOCUMENT, FRAGMENT, *SECTIONS))


def summary(found: Iterable[Result]) -> str:
    """The figures in one line."""
    all_ = list(found)
    whole = sum(one.read and one.parsed == one.expressions for one in all_)
    expressions, parsed = sum(one.expressions for one in all_), sum(one.parsed for one in all_)
    return (
        f"{len(all_)} files: {sum(one.read for one in all_)} documents read, {parsed} of {expressions} "
        f"expressions parsed, {whole} files whole, {sum(one.runs for one in all_)} would run"
    )


def main() -> None:
    """Write the results and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder with policy files")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the results go (%(default)s)")
    given = parser.parse_args()
    found = results(given.folder)
    if not found:
        parser.error(f"{given.folder} has no policy files; name the folder of a checkout that has some")
    rows = [asdict(one) | {"runs": one.runs} for one in found]
    given.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"{summary(found)}; written to {given.out}")


if __name__ == "__main__":
    main()
