"""The rules between the settings of retraining and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem
from infra.config_existing import NETWORK
from infra.private_link import LANDING, zones_of
from infra.resource_ids import ResourceId

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def functions_have_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.hosted and "functions" not in settings.network.subnets:
        yield Problem(
            "network.subnets.functions", None, "retraining needs a subnet for its function app; set its range"
        )


def data_lands_somewhere(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.hosted and settings.data_lake is None:
        yield Problem("dataLake", None, "retraining waits for files that land in it; set it")


def alerts_are_there_to_be_told(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.told and settings.alerts is None:
        name = "application" if settings.retraining.hosted else "endpoint"
        yield Problem(
            "alerts", None, f"retraining.{name} is told of alerts, and there are no alerts; set them"
        )


def rows_come_in_by_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    chosen = settings.retraining.pushed_by if settings.retraining else None
    if chosen is None or chosen.subnet_id is None:
        return
    setting = "retraining.pushedBy.subnetId"
    if settings.private:
        yield Problem(
            setting,
            chosen.subnet_id,
            "a private estate answers no subnet of others; leave it out, and set privateEndpoint here and "
            "retraining.pushEndpoint in production",
        )
    names = settings.names()
    own = ResourceId(
        settings.azure.subscription_id, names.of("resource_group"), NETWORK, names.of("virtual_network")
    )
    if chosen.subnet_id.lower().startswith(f"{own}/".lower()):
        yield Problem(setting, chosen.subnet_id, "this is a subnet of this estate; name production's")


def the_lakes_name_is_found_beside_an_endpoint_of_others(settings: Settings, _: str) -> Iterator[Problem]:
    """Once an account has any private endpoint, its public name is an alias in the private zone's: a network
    that has the zone and not the name does not find the account any more ("Use private endpoints for Azure
    Storage", read 2026-11)."""
    chosen = settings.retraining.pushed_by if settings.retraining else None
    if chosen is None or not chosen.private_endpoint:
        return
    links = settings.private_links
    (zone,) = LANDING.zones
    if "dataLake" not in {link.service for link in links} and zone in zones_of(links):
        yield Problem(
            "privateLink.services",
            ", ".join(settings.private_link.services) or "none",
            "production's private endpoint makes the data lake's name one of the zone "
            f"{zone}, which this network has for other services; add dataLake",
        )


def rows_that_are_pushed_are_kept_here(settings: Settings, _: str) -> Iterator[Problem]:
    target = settings.retraining.push_to if settings.retraining else None
    if target is None:
        return
    if settings.data_lake is None:
        yield Problem("dataLake", None, "retraining.pushTo pushes the answers that are kept in it; set it")
    elif target.rpartition("/")[2] == settings.names().of("data_lake"):
        yield Problem(
            "retraining.pushTo",
            target,
            "this is this estate's own data lake; name that of the one that trains",
        )


def training_reaches_what_it_pushes_to(settings: Settings, _: str) -> Iterator[Problem]:
    target = settings.retraining.push_to if settings.retraining else None
    by_endpoint = settings.retraining is not None and settings.retraining.push_endpoint is not None
    if target and settings.private and not by_endpoint and not settings.network.storage_policy:
        yield Problem(
            "network.storagePolicy",
            False,
            "without it a private estate has no service endpoint, by which training reaches "
            "retraining.pushTo; set true, or retraining.pushEndpoint",
        )


RETRAINING_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"retraining", "network"}), functions_have_a_subnet),
    (frozenset({"retraining", "data_lake"}), data_lands_somewhere),
    (frozenset({"retraining", "alerts"}), alerts_are_there_to_be_told),
    (
        frozenset({"retraining", "network_access", "azure", "project", "environment"}),
        rows_come_in_by_a_subnet,
    ),
    (
        frozenset(
            {
                "retraining",
                "network_access",
                "private_link",
                "data_lake",
                "releases",
                "gateway",
                "predictions_database",
                "scoring_function",
            }
        ),
        the_lakes_name_is_found_beside_an_endpoint_of_others,
    ),
    (
        frozenset({"retraining", "data_lake", "azure", "project", "environment"}),
        rows_that_are_pushed_are_kept_here,
    ),
    (frozenset({"retraining", "network_access", "network"}), training_reaches_what_it_pushes_to),
)
