"""POSIX lists, as "Access control lists in Azure Data Lake Storage" has them (read 2026-11)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from emulator.storage.errors import failure

KINDS: Final = ("user", "group", "mask", "other")
BITS: Final = "rwx"
MOST: Final = 32  # entries of an access list, and of a default one
_PERMISSIONS: Final = re.compile(r"[r-][w-][x-]")
_SYMBOLIC: Final = re.compile(r"[r-][w-][x-][r-][w-][x-][r-][w-][xt-]\+?")
_OCTAL: Final = re.compile(r"[01]?[0-7]{3}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. who: an object id, "" for the owning user or group; permissions: as in ``r-x``."""

    kind: str
    who: str
    permissions: str
    default: bool = False

    def __str__(self) -> str:
        return f"{'default:' if self.default else ''}{self.kind}:{self.who}:{self.permissions}"

    @property
    def place(self) -> tuple[bool, str, str]:
        return self.default, self.kind, self.who

    def grants(self, wanted: str, mask: str = BITS) -> bool:
        """Whether it gives all that is wanted, as in ``wx``."""
        return all(bit in self.permissions and bit in mask for bit in wanted)


Entries = tuple[Entry, ...]


def parse(text: str) -> Entries:
    """The entries of a header; 400 InvalidInput for what is none."""
    found: dict[tuple[bool, str, str], Entry] = {}
    for part in filter(None, text.split(",")):
        fields = part.strip().split(":")
        default = fields[0] == "default"
        fields = fields[1:] if default else fields
        if (
            len(fields) != 3
            or fields[0] not in KINDS
            or not _PERMISSIONS.fullmatch(fields[2])
            or (fields[1] and fields[0] in ("mask", "other"))
        ):
            raise failure("InvalidInput", f"The access control list has the entry {part[:80]!r}.")
        entry = Entry(fields[0], fields[1].lower(), fields[2], default)
        if entry.place in found:
            raise failure("InvalidInput", f"The access control list has {part[:80]!r} twice.")
        found[entry.place] = entry
    for default in (False, True):
        held = [entry for entry in found.values() if entry.default == default]
        if len(held) > MOST:
            raise failure("InvalidInput", f"An access control list has at most {MOST} entries.")
        base = {entry.kind for entry in held if not entry.who}
        if held and not {"user", "group", "other"} <= base:
            raise failure("InvalidInput", "An access control list needs user::, group:: and other::.")
    return complete(found.values())


def complete(entries: Iterable[Entry]) -> Entries:
    """In their order, with the mask that named entries need where none is given: what they have together."""
    held = list(entries)
    for default in (False, True):
        part = [entry for entry in held if entry.default == default]
        named = any(entry.who for entry in part)
        if named and not any(entry.kind == "mask" for entry in part):
            group = [entry.permissions for entry in part if entry.who or entry.kind == "group"]
            union = "".join(bit if any(bit in one for one in group) else "-" for bit in BITS)
            held.append(Entry("mask", "", union, default))
    return tuple(sorted(held, key=lambda entry: (entry.default, KINDS.index(entry.kind), entry.who)))


def of_permissions(text: str) -> Entries:
    """The entries of ``rwxr-x---`` or of an octal number; 400 InvalidInput."""
    if _OCTAL.fullmatch(text):
        digits = [int(digit) for digit in text[-3:]]
        parts = ["".join(bit if digit & 4 >> i else "-" for i, bit in enumerate(BITS)) for digit in digits]
    elif _SYMBOLIC.fullmatch(text):
        parts = [text[start : start + 3].replace("t", "x") for start in (0, 3, 6)]
    else:
        raise failure("InvalidInput", f"The permissions {text[:40]!r} are neither rwxr-x--- nor 0750.")
    kinds = ("user", "group", "other")
    return tuple(Entry(kind, "", part) for kind, part in zip(kinds, parts, strict=True))


def mode(entries: Entries) -> int:
    """The bits of owning user, owning group and others."""
    held = {entry.kind: entry.permissions for entry in entries if not entry.who and not entry.default}
    bits = [bit in held[kind] for kind in ("user", "group", "other") for bit in BITS]
    return int("".join("1" if bit else "0" for bit in bits), 2)


def permissions(entries: Entries) -> str:
    """As a header tells them: the mask in the group's place, ``+`` for named entries or default ones."""
    held = {entry.kind: entry.permissions for entry in entries if not entry.default and not entry.who}
    more = any(entry.default or entry.who for entry in entries)
    return held["user"] + held.get("mask", held["group"]) + held["other"] + ("+" if more else "")


def inherited(parent: Entries, *, directory: bool, umask: int) -> Entries:
    """The entries of a new child: of its parent's default list, else of the umask."""
    defaults = [entry for entry in parent if entry.default]
    if not defaults:
        mode = (0o777 if directory else 0o666) & ~umask
        return of_permissions(f"{mode:03o}")
    access = [Entry(entry.kind, entry.who, entry.permissions) for entry in defaults]
    if directory:
        return complete([*access, *defaults])
    # A file is not to be run: what stands in the class of owner, mask and other loses x.
    masked = any(entry.kind == "mask" for entry in access)
    return complete(
        Entry(entry.kind, entry.who, entry.permissions.replace("x", "-"))
        if not entry.who and (entry.kind != "group" or not masked)
        else entry
        for entry in access
    )


def allows(entries: Entries, owner: str, group: str, who: str, groups: Collection[str], wanted: str) -> bool:
    """Whether the list gives all that is wanted to somebody in these groups: the first kind of entry that
    is theirs decides, and of groups any one."""
    access = [entry for entry in entries if not entry.default]
    mask = next((entry.permissions for entry in access if entry.kind == "mask"), BITS)
    if who == owner:
        return any(entry.grants(wanted) for entry in access if entry.kind == "user" and not entry.who)
    for entry in access:
        if entry.kind == "user" and entry.who == who:
            return entry.grants(wanted, mask)
    mine = [entry for entry in access if entry.kind == "group" and (entry.who or group) in groups]
    if mine:
        return any(entry.grants(wanted, mask) for entry in mine)
    return any(entry.grants(wanted, mask) for entry in access if entry.kind == "other")
