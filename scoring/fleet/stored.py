"""A fleet on disk: one directory with what all members share, and each model by its digest.

    fleet.json    name, split, rule, contract, lineage; of each member its model's digest, or why it has none
    models/HEX/   the model artifact of that digest (scoring.model.artifact), whole: it can serve alone, too

The digest identifies what the fleet does: which model answers for which member. Models are named by their own
digests, so two fleets that differ in one member share all other directories.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from scoring.model.artifact import MANIFEST, ArtifactError
from scoring.model.schema import Schema
from scoring.model.typed_json import JsonShapeError, Node

FILE: Final = "fleet.json"
MODELS: Final = "models"
FORMAT: Final = 1
KEY: Final = r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,63}"  # of a member: it stands in headers, logs and tags
_KEY: Final = re.compile(KEY)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
Unknown = Literal["pooled", "refuse"]
UNKNOWN: Final[tuple[Unknown, ...]] = ("pooled", "refuse")


def is_key(text: str) -> bool:
    """Whether a text can name a member."""
    return _KEY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Member:
    """model: digest of the model that answers. reason: why it is the pooled one, "" of a model of its own.

    rows: training and test rows that the member had. source: the fleet's version, NAME:VERSION, that it was
    taken from; "" of the fleet that trained it. failed: it falls back since its training failed, not by rule.
    """

    model: str
    reason: str = ""
    rows: int = 0
    source: str = ""
    failed: bool = False

    @property
    def falls_back(self) -> bool:
        return bool(self.reason)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Fleet:
    """split: the columns whose values, joined by `/`, are a row's member. unknown: who answers for a key that
    is none: the pooled model, or nobody. pooled: digest of the model of all rows."""

    name: str
    split: tuple[str, ...]
    unknown: Unknown
    contract: Schema
    pooled: str
    members: Mapping[str, Member]
    lineage: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 hexadecimal digits over all that decides which model answers."""
        behaviour = {
            "format_version": FORMAT,
            "split": list(self.split),
            "unknown": self.unknown,
            "contract": self.contract.digest,
            "pooled": self.pooled,
            "members": {key: [one.model, one.falls_back] for key, one in self.members.items()},
        }
        text = json.dumps(behaviour, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @property
    def failed(self) -> tuple[str, ...]:
        """The members whose training failed."""
        return tuple(key for key, one in self.members.items() if one.failed)

    @property
    def models(self) -> tuple[str, ...]:
        """The digests of all models, each once, the pooled one first."""
        return tuple(dict.fromkeys([self.pooled, *(one.model for one in self.members.values())]))

    def digests(self) -> dict[str, str]:
        """By member, the digest of the model that answers."""
        return {key: one.model for key, one in self.members.items()}

    def described(self, lineage: Mapping[str, str]) -> Fleet:
        """The same fleet with more written about it; its digest stays."""
        return replace(self, lineage={**self.lineage, **lineage})

    def to_json(self) -> dict[str, Any]:
        return {
            "format_version": FORMAT,
            "digest": self.digest,
            "name": self.name,
            "split": list(self.split),
            "unknown": self.unknown,
            "contract": self.contract.to_json(),
            "pooled": self.pooled,
            "members": {key: one.to_json() for key, one in self.members.items()},
            "lineage": dict(self.lineage),
        }

    def save(self, directory: Path) -> None:
        """Write fleet.json, whole or not at all. The models' directories are there already: `model_dir`."""
        directory.mkdir(parents=True, exist_ok=True)
        aside = directory / f".{FILE}.{os.getpid()}"
        aside.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
        aside.replace(directory / FILE)


def model_dir(directory: Path, digest: str) -> Path:
    """Where a fleet's directory has the model of a digest."""
    return directory / MODELS / digest.removeprefix("sha256:")


def is_fleet(directory: Path) -> bool:
    """Whether a model's directory holds a fleet."""
    return (directory / FILE).is_file()


def load(directory: Path) -> Fleet:
    """Read and check fleet.json, and that each model is there; models are checked when they are loaded.

    Raises ArtifactError naming the file and what is wrong in it.
    """
    path = directory / FILE
    try:
        node = Node(json.loads(path.read_bytes()))
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}: a fleet holds {FILE} and {MODELS}") from error
    except ValueError as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from error
    try:
        found = _fleet(node)
        stated = node.field("digest").text()
    except JsonShapeError as error:
        raise ArtifactError(f"{path}: {error}") from error
    if stated != found.digest:
        raise ArtifactError(f"{path} has the digest {found.digest}, and states {stated}")
    if lost := [one for one in found.models if not (model_dir(directory, one) / MANIFEST).is_file()]:
        raise ArtifactError(f"{directory}: {len(lost)} model(s) are not there: {_some(lost)}")
    return found


def _some(names: Iterable[str]) -> str:
    first = list(names)[:3]
    return ", ".join(first)


def _fleet(node: Node) -> Fleet:
    if (version := node.field("format_version").integer()) != FORMAT:
        raise node.error(f"format version {version}, but this program reads version {FORMAT}")
    rule = node.field("unknown").text()
    if rule not in UNKNOWN:
        raise node.field("unknown").error(f"{rule!r}: expected one of {', '.join(UNKNOWN)}")
    pooled = _digest(node.field("pooled"))
    members: dict[str, Member] = {}
    for key, item in node.field("members").fields().items():
        if not is_key(key):
            raise item.error(f"{key!r} cannot name a member: expected text like {KEY}")
        members[key] = member = Member(
            _digest(item.field("model")),
            item.field("reason").text(),
            item.field("rows").integer(minimum=0),
            item.field("source").text(),
            # Fleets that were registered before do not say it.
            item.field("failed").flag() if "failed" in item.fields() else False,
        )
        if member.failed and not member.falls_back:
            raise item.error("its training failed, and no reason is given why the pooled model answers")
        if member.falls_back and member.model != pooled:
            raise item.error("it falls back, and names another model than the pooled one")
    if not members:
        raise node.field("members").error("a fleet needs at least one member")
    return Fleet(
        name=node.field("name").text(),
        split=tuple(item.text() for item in node.field("split").items()),
        unknown=rule,
        contract=Schema.from_json(node.field("contract")),
        pooled=pooled,
        members=members,
        lineage=node.field("lineage").texts(),
    )


def _digest(node: Node) -> str:
    text = node.text()
    if not _DIGEST.fullmatch(text):
        raise node.error(f"{text[:80]!r} is no digest: expected sha256: and 64 hexadecimal digits")
    return text
