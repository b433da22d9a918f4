"""Who may erase one person's rows for good, and the rules between that and other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator

from infra.config_errors import Problem
from infra.config_predictions import role_of_group
from infra.config_types import Uuid
from infra.section import Section

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


class Erasure(Section):
    """groupId: object id of the group whose members may run `mlops forget`: they may write the data lake's
    containers, read training sets and models, and purge Log Analytics, which nothing can undo. Else nobody.

    groupName: its display name, under which its members sign in to the database of predictions by key; there
    they may erase by key, and nothing else.
    """

    group_id: Uuid
    group_name: Annotated[str, BeforeValidator(role_of_group)] | None = None


def erasers_are_a_group_of_their_own(settings: Settings, _: str) -> Iterator[Problem]:
    """What cannot be undone is not daily work; and Azure refuses one assignment under two names."""
    chosen = settings.erasure
    if chosen and chosen.group_id.lower() == settings.engineers_group_id.lower():
        yield Problem(
            "erasure.groupId",
            chosen.group_id,
            "that is engineersGroupId; make a group of those who may erase people's rows for good",
        )


def erasers_sign_in_to_the_database_by_name(settings: Settings, _: str) -> Iterator[Problem]:
    """A role of the server is the group's name: without one its members reach no row there."""
    chosen, database = settings.erasure, settings.predictions_database
    if chosen is None:
        return
    if database is not None and chosen.group_name is None:
        yield Problem(
            "erasure.groupName",
            None,
            "predictionsDatabase holds rows of people, and its roles have names; set the display name of "
            "erasure.groupId",
        )
    if database is None and chosen.group_name is not None:
        yield Problem(
            "erasure.groupName",
            chosen.group_name,
            "there is no database to sign in to; set predictionsDatabase, or leave it out",
        )
    if database is not None and chosen.group_name == database.administrators:
        yield Problem(
            "erasure.groupName",
            chosen.group_name,
            "that is predictionsDatabase.administrators; name the group of erasure.groupId",
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
    (frozenset({"erasure", "predictions_database"}), erasers_sign_in_to_the_database_by_name),
)
