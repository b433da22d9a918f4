"""The declaration of a fleet: a small TOML file, read and checked before anything is started."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast

from ml.steps import contract
from ml.steps.bounds import FIGURES, Bound, limit_of
from scoring.fleet.stored import KEY, UNKNOWN, Unknown, is_key
from scoring.model.schema import CategoryFeature, Feature, Schema

MOST_MEMBERS: Final = 10_000
MOST_SHARDS: Final = 8  # inputs of the component `gather`; each is a step of the pipeline
LEAST_ROWS: Final = 100  # with fewer, the parts that thresholds are learned on are a handful of rows
NAME: Final = r"[a-z0-9][a-z0-9-]{0,61}"
Rule = Literal["rows", "better"]


class DeclarationError(ValueError):
    """The file is no declaration of a fleet. `problems`: each names the setting, what it was, what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Declaration:
    """name: of the registered model. owner: who answers for the fleet. split: columns of the contract.

    members: their keys; None: all that the data has. minimum_rows, minimum_label_rows: a member with fewer
    rows, or fewer of its rarer label, falls back to the pooled model. better: it falls back as well unless
    its model has the lower log loss on its own test rows. unknown: who answers for a key that is no member.
    most_failed: the share of members beyond which failures keep the fleet from being registered.
    shards: steps that train at once, a node each. trials: of each member's search.
    """

    name: str
    owner: str
    split: tuple[str, ...]
    members: tuple[str, ...] | None = None
    minimum_rows: int = 500
    minimum_label_rows: int = 40
    better: bool = False
    unknown: Unknown = "pooled"
    most_failed: float = 0.1
    shards: int = 2
    trials: int = 1
    bounds: tuple[Bound, ...] = field(default=())


def read(path: Path, schema: Schema = contract.SCHEMA) -> Declaration:
    """The declaration in a file. Raises DeclarationError with all that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError([f"{path} cannot be read: {error}"]) from error
    return parse(text, schema)


def parse(text: str, schema: Schema = contract.SCHEMA) -> Declaration:
    """The declaration that a TOML text is. Raises DeclarationError."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError([f"it is no TOML: {error}"]) from error
    reader = _Reader(found, schema)
    made = Declaration(
        name=reader.text("name", NAME, "small letters, digits and -, at most 62"),
        owner=reader.text("owner", r"[^\x00-\x1f]{1,100}", "1 to 100 characters in one line"),
        split=reader.split(),
        members=reader.members(),
        minimum_rows=reader.whole("minimum_rows", 500, LEAST_ROWS, 10**9),
        minimum_label_rows=reader.whole("minimum_label_rows", 40, 10, 10**9),
        better=reader.flag("better"),
        unknown=reader.unknown(),
        most_failed=reader.share("most_failed", 0.1),
        shards=reader.whole("shards", 2, 1, MOST_SHARDS),
        trials=reader.whole("trials", 1, 1, 1000),
        bounds=reader.bounds(),
    )
    reader.nothing_more()
    if reader.problems:
        raise DeclarationError(reader.problems)
    return made


class _Reader:
    def __init__(self, found: Mapping[str, Any], schema: Schema) -> None:
        self._left, self._schema = dict(found), schema
        self._known: list[str] = []
        self.problems: list[str] = []

    def _take(self, name: str, default: object = None) -> Any:
        self._known.append(name)
        return self._left.pop(name, default)

    def _wrong(self, name: str, value: object, wanted: str) -> None:
        shown = "is missing" if value is None else f"is {str(value)[:80]!r}"
        self.problems.append(f"{name} {shown}: expected {wanted}")

    def text(self, name: str, pattern: str, wanted: str) -> str:
        value = self._take(name)
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        self._wrong(name, value, wanted)
        return ""

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self._take(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(name, value, f"a whole number from {low} to {high}")
        return default

    def share(self, name: str, default: float) -> float:
        value = self._take(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self._wrong(name, value, "a share from 0 to 1")
        return default

    def flag(self, name: str) -> bool:
        value = self._take(name, False)
        if isinstance(value, bool):
            return value
        self._wrong(name, value, "true or false")
        return False

    def unknown(self) -> Unknown:
        value = self._take("unknown", "pooled")
        if value in UNKNOWN:
            return value
        self._wrong("unknown", value, f"one of {', '.join(UNKNOWN)}")
        return "pooled"

    def _texts(self, name: str, value: object, wanted: str) -> tuple[str, ...]:
        items = cast("list[object]", value) if isinstance(value, list) else []
        texts = tuple(item for item in items if isinstance(item, str))
        if not texts or len(texts) != len(items):
            self._wrong(name, value, wanted)
            return ()
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            self.problems.append(f"{name} names {twice[0]!r} twice")
        return texts

    def split(self) -> tuple[str, ...]:
        found = self._texts("split", self._take("split"), "a list of columns of the contract")
        known = {feature.name: feature for feature in self._schema.features}
        can = [name for name, feature in known.items() if _splits(feature)]
        for name in found:
            if name not in known:
                self.problems.append(f"split names {name!r}, no column of the contract; {', '.join(can)} are")
            elif name not in can:
                self.problems.append(
                    f"split names {name!r}, which may hold fractions: expected {', '.join(can)}"
                )
        return found

    def members(self) -> tuple[str, ...] | None:
        value = self._take("members")
        if value is None:
            return None
        found = self._texts("members", value, "a list of keys: values of split, joined by a slash")
        for key in found:
            if not is_key(key):
                self.problems.append(f"members names {key[:80]!r}: expected text like {KEY}")
        if len(found) > MOST_MEMBERS:
            self.problems.append(f"members names {len(found)}, at most {MOST_MEMBERS} are possible")
        return found

    def bounds(self) -> tuple[Bound, ...]:
        value = self._take("bounds", {})
        if not isinstance(value, dict):
            self._wrong("bounds", value, "a table of limits by the name of their bound")
            return ()
        found: list[Bound] = []
        for name, limit in cast("dict[str, object]", value).items():
            if name not in FIGURES:
                self.problems.append(f"bounds.{name} is not known: expected one of {', '.join(FIGURES)}")
                continue
            try:
                found.append(Bound(name, limit_of(name, limit)))
            except ValueError as error:
                self.problems.append(f"bounds.{name} is {limit!r}: {error}")
        return tuple(found)

    def nothing_more(self) -> None:
        for name in self._left:
            self.problems.append(f"{name} is not known: expected one of {', '.join(self._known)}")


def _splits(feature: Feature) -> bool:
    return isinstance(feature, CategoryFeature) or feature.integer
