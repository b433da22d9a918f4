"""POSIX lists: what they say, whom they let in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AzureError
from emulator.storage.lake import acl

PARTS = st.tuples(*(st.sampled_from([bit, "-"]) for bit in "rwx")).map("".join)
NAMED = st.dictionaries(st.sampled_from(["user:a", "user:b", "group:g", "group:h"]), PARTS, max_size=4)


@st.composite
def lists(draw: st.DrawFn, *, default: bool = False) -> str:
    head = "default:" if default else ""
    parts = [f"{head}{kind}::{draw(PARTS)}" for kind in ("user", "group", "other")]
    parts += [f"{head}{who}:{permissions}" for who, permissions in draw(NAMED).items()]
    return ",".join(draw(st.permutations(parts)))


@given(lists(), st.booleans(), lists(default=True))
def test_a_list_is_read_as_it_is_printed(text: str, more: bool, defaults: str) -> None:
    entries = acl.parse(f"{text},{defaults}" if more else text)
    assert acl.parse(",".join(map(str, entries))) == entries
    named = any(entry.who or entry.default for entry in entries)
    assert acl.permissions(entries).endswith("+") == named


@given(st.integers(0, 0o777))
def test_modes_and_letters_are_the_same(mode: int) -> None:
    entries = acl.of_permissions(f"{mode:03o}")
    assert acl.mode(entries) == mode
    assert acl.of_permissions(acl.permissions(entries)) == entries


@pytest.mark.parametrize(
    ("who", "groups", "wanted", "expected"),
    [
        ("owner", (), "rwx", False),  # the owner's entry decides, though another would give more
        ("owner", ("g",), "r", True),
        ("a", (), "r", True),
        ("a", (), "w", False),  # the mask takes it
        ("a", ("g",), "x", False),  # a's own entry decides, not the group's
        ("z", ("g",), "rx", True),
        ("z", ("owning",), "r", True),
        ("z", ("owning",), "x", False),
        ("z", ("owning", "g"), "x", True),  # of groups, any one
        ("z", (), "r", False),
    ],
)
def test_the_first_kind_of_entry_decides(
    who: str, groups: tuple[str, ...], wanted: str, expected: bool
) -> None:
    entries = acl.parse("user::r--,user:a:rw-,group::r--,group:g:rwx,mask::r-x,other::---")
    assert acl.allows(entries, "owner", "owning", who, groups, wanted) == expected


def test_children_inherit_default_entries() -> None:
    parent = acl.parse(
        "user::rwx,group::r-x,other::---,default:user::rwx,default:user:a:rwx,default:group::r-x,default:other::---"
    )
    folder = acl.inherited(parent, directory=True, umask=0o027)
    assert {str(entry) for entry in folder if entry.default} == {
        str(entry) for entry in parent if entry.default
    }
    assert acl.allows(folder, "o", "g", "a", (), "rwx")
    file = acl.inherited(parent, directory=False, umask=0o027)
    assert not any(entry.default for entry in file)
    assert acl.allows(file, "o", "g", "a", (), "rw") and not acl.allows(file, "o", "g", "a", (), "x")
    assert acl.permissions(acl.inherited(acl.of_permissions("0777"), directory=False, umask=0o027)) == (
        "rw-r-----"
    )


@pytest.mark.parametrize(
    "text",
    ["user::rwx", "user::rwx,group::r,other::---", "user::rwx,user::rwx,group::---,other::---", "x:y:z"],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(AzureError, match="InvalidInput"):
        acl.parse(text)
