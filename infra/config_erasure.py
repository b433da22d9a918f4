"""Who may erase one person's rows for good, and the rules between that and other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem
from infra.config_types import Uuid
from infra.section import Section

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


class Erasure(Section):
    """groupId: object id of the group whose members may run `mlops forget`: they may write the data lake's
    answers, predictions and tables, and purge Log Analytics, which nothing can undo. Else nobody may."""

    group_id: Uuid


def erasers_are_a_group_of_their_own(settings: Settings, _: str) -> Iterator[Problem]:
    """What cannot be undone is not daily work; and Azure refuses one assignment under two names."""
    chosen = settings.erasure
    if chosen and chosen.group_id.lower() == settings.engineers_group_id.lower():
        yield Problem(
            "erasure.groupId",
            chosen.group_id,
            "that is engineersGroupId; make a group of those who may erase people's rows for good",
        )


def erasures_need_a_data_lake(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.erasure and settings.data_lake is None:
        yield Problem(
            "erasure.groupId",
            settings.erasure.group_id,
            "records of erasures are kept in the data lake; set dataLake, or leave erasure out",
        )


ERASURE_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"erasure", "engineers_group_id"}), erasers_are_a_group_of_their_own),
    (frozenset({"erasure", "data_lake"}), erasures_need_a_data_lake),
)
