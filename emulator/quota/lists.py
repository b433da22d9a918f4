"""The lists that tools read before they create: usages of quotas, sizes of machines, and SKUs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.arm import vmsizes
from emulator.arm.paging import page
from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal
from emulator.quota.families import Size, families, size
from emulator.quota.limits import COUNTED, DEDICATED, LOW_PRIORITY, REGIONAL, Limits
from emulator.quota.usage import MACHINE, Usage
from emulator.resources.locations import LOCATIONS, ZONAL

Json = dict[str, Any]
SUBSCRIPTION: Final = r"/subscriptions/(?P<subscription>[^/]+)/providers/(?P<namespace>Microsoft\.\w+)"
IN_REGION: Final = rf"{SUBSCRIPTION}/locations/(?P<location>[^/]+)"
ONE_REGION: Final = re.compile(r"\s*location\s+eq\s+'(?P<location>[^']*)'\s*", re.IGNORECASE)
ML: Final = "Microsoft.MachineLearningServices"
BYTES: Final = 1 << 20


def install(arm: Arm, identity: Identity, limits: Limits) -> None:
    """The paths of the lists."""

    def asked(match: re.Match[str], principal: Principal, what: str) -> str:
        scope = f"/subscriptions/{match['subscription']}"
        arm.get(scope)
        identity.require(principal, f"{match['namespace']}/{what}/read", scope)
        return scope

    @arm.special("GET", f"{IN_REGION}/usages")
    def usages(request: Request, match: re.Match[str], principal: Principal) -> Response:
        asked(match, principal, "locations/usages")
        location = _known(match["location"])
        here = Usage(arm, match["subscription"], location)
        namespace = match["namespace"].lower()
        if namespace == "microsoft.compute":
            found = list(_compute(here, limits))
        elif namespace == ML.lower():
            found = list(_learning(here, limits, f"{match['subscription']}", location))
        elif namespace in COUNTED:
            found = [
                _usage(name, here.count(kind), limits.of(name)) for name, kind in COUNTED[namespace].items()
            ]
        else:
            raise AzureError(
                404,
                "InvalidResourceType",
                f"The resource type 'usages' is not known in {match['namespace']}.",
            )
        return Response.json(page(found, request))

    @arm.special("GET", rf"{IN_REGION}/vmSizes")
    def sizes(request: Request, match: re.Match[str], principal: Principal) -> Response:
        asked(match, principal, "locations/vmSizes")
        _known(match["location"])
        learning = match["namespace"].lower() == ML.lower()
        return Response.json({"value": [_learning_size(one) if learning else _size(one) for one in _all()]})

    @arm.special(
        "GET", r"/subscriptions/(?P<subscription>[^/]+)/providers/(?P<namespace>Microsoft\.Compute)/skus"
    )
    def skus(request: Request, match: re.Match[str], principal: Principal) -> Response:
        asked(match, principal, "skus")
        text = request.query.get("$filter", "")
        wanted = ONE_REGION.fullmatch(text)
        if text and wanted is None:
            raise AzureError(400, "InvalidFilter", f"$filter '{text}': only location eq 'REGION' is known.")
        regions = (_known(wanted["location"]),) if wanted else LOCATIONS
        return Response.json(page([_sku(one, region) for region in regions for one in _all()], request))


def _all() -> Iterator[Size]:
    for name in vmsizes.sizes().values():
        if (one := size(name)) is not None:
            yield one


def _known(location: str) -> str:
    folded = location.replace(" ", "").lower()
    if folded not in LOCATIONS:
        raise AzureError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}'.",
        )
    return folded


def _usage(name: str, used: int, limit: int, shown: str = "", **more: str) -> Json:
    words = shown or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {
        "unit": "Count",
        "currentValue": used,
        "limit": limit,
        "name": {"value": name, "localizedValue": words},
        **more,
    }


def _compute(here: Usage, limits: Limits) -> Iterator[Json]:
    cores = here.cores()
    yield _usage(REGIONAL, cores.total(), limits.of(REGIONAL), "Total Regional vCPUs")
    yield _usage("virtualMachines", here.count(MACHINE), limits.of("virtualMachines"), "Virtual Machines")
    for family, one in families().items():
        yield _usage(family, cores[family], limits.of(family), one.shown)


def _learning(here: Usage, limits: Limits, subscription: str, location: str) -> Iterator[Json]:
    """The dedicated and the low-priority rows of a family have one name; their types tell them apart."""
    base = f"/subscriptions/{subscription}/providers/{ML}/locations/{location}"

    def row(name: str, kind: str, used: int, limit: int, shown: str) -> Json:
        return _usage(name, used, limit, shown, id=f"{base}/{name}/{kind}/usages", type=f"{ML}/{kind}/usages")

    for low, kind, total in ((False, "dedicatedCores", DEDICATED), (True, "lowPriorityCores", LOW_PRIORITY)):
        cores = here.learning(low_priority=low)
        words = f"Total {'Low-priority' if low else 'Dedicated'} Regional vCPUs"
        yield row(total, f"{total[0].lower()}{total[1:]}", cores.total(), limits.of(total), words)
        for family, one in families().items():
            limit = -1 if low else limits.of(family)  # of low priority only the total is limited
            yield row(family, f"vmFamily/{kind}", cores[family], limit, one.shown)


def _size(one: Size) -> Json:
    return {"name": one.name, "numberOfCores": one.vcpus}


def _learning_size(one: Size) -> Json:
    return {
        "name": one.name,
        "family": one.family,
        "vCPUs": one.vcpus,
        "lowPriorityCapable": True,
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }


def _sku(one: Size, region: str) -> Json:
    return {
        "resourceType": "virtualMachines",
        "name": one.name,
        "tier": "Standard",
        "size": one.name.removeprefix("Standard_"),
        "family": one.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": ["1", "2", "3"] if region in ZONAL else []}],
        "capabilities": [{"name": "vCPUs", "value": str(one.vcpus)}],
        "restrictions": [],
    }
