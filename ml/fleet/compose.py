"""A new fleet that differs from another one in a few members, each taken from some version of the fleet."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ml.errors import MlopsError
from ml.fleet.registered import CARDS, card_of
from scoring.fleet.stored import Fleet, model_dir


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version, NAME:VERSION, and where its files are on this machine."""

    reference: str
    fleet: Fleet
    directory: Path


def parse(text: str) -> tuple[str, str]:
    """Member and version of KEY=VERSION. Raises MlopsError."""
    key, equals, version = text.rpartition("=")
    if not equals or not key or not version:
        raise MlopsError(
            f"--member is {text!r}: expected KEY=VERSION.",
            "As --member 2=3: member 2 of the fleet's version 3.",
        )
    return key, version


def compose(base: Version, changes: Mapping[str, Version], target: Path) -> Fleet:
    """Write the fleet of `base` in which each of these members is as in another version.

    Raises MlopsError, before anything is written, for a member that one of them does not have, for versions
    that do not fit each other, and where nothing would change.
    """
    for key, source in changes.items():
        _check(base, key, source)
    members = dict(base.fleet.members)
    for key, source in changes.items():
        taken = source.fleet.members[key]
        if taken.falls_back:  # to the pooled model of this fleet
            taken = replace(taken, model=base.fleet.pooled)
        members[key] = replace(taken, source=source.reference)
    changed = [key for key, one in members.items() if one.model != base.fleet.members[key].model]
    if not changed:
        raise MlopsError(
            f"The members {', '.join(changes)} of {base.reference} are the named ones already.",
            "Name another version of them, or release the fleet as it is.",
        )
    told = "; ".join(f"{key} as in {changes[key].reference}" for key in changed)
    made = replace(base.fleet, members=members).described({"base": base.reference, "changed": told})
    sources = {one.model: base.directory for one in base.fleet.members.values()}
    sources |= {source.fleet.members[key].model: source.directory for key, source in changes.items()}
    sources[base.fleet.pooled] = base.directory
    for digest in made.models:
        shutil.copytree(model_dir(sources[digest], digest), model_dir(target, digest))
    shutil.copytree(base.directory / CARDS, target / CARDS)
    for key in changed:
        card_of(target, key).unlink(missing_ok=True)
        if (card := card_of(changes[key].directory, key)).exists():
            shutil.copyfile(card, card_of(target, key))
    made.save(target)
    return made


def _check(base: Version, key: str, source: Version) -> None:
    for one in (base, source):
        if key not in one.fleet.members:
            some = ", ".join(list(one.fleet.members)[:10])
            raise MlopsError(f"{one.reference} has no member {key!r}.", f"Name one of its members: {some} ….")
    if source.fleet.split != base.fleet.split:
        raise MlopsError(
            f"{source.reference} is split by {', '.join(source.fleet.split)}, {base.reference} by "
            f"{', '.join(base.fleet.split)}.",
            "Name versions of one split.",
        )
    if source.fleet.contract.digest != base.fleet.contract.digest:
        raise MlopsError(
            f"{source.reference} and {base.reference} have different contracts.",
            "Train the fleet anew: its members share one contract.",
        )
