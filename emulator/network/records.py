"""All record sets of a DNS zone in one list, whatever their types: a path beside those of the types."""

from __future__ import annotations

import re
from typing import Any

from emulator.arm.catalog_types import RECORD_TYPES
from emulator.arm.paging import page
from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

PATH = (
    r"(?P<zone>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
    r"(?P<type>Microsoft\.Network/(?:privateDnsZones|dnsZones))/[^/]+)/(?P<list>ALL|recordsets)"
)


def install(arm: Arm, store: Store, identity: Identity) -> None:
    """The lists of both kinds of zones."""

    @arm.special("GET", PATH)
    def all_records(request: Request, match: re.Match[str], principal: Principal) -> Response:
        zone = match["zone"]
        identity.require(principal, f"{match['type']}/{match['list']}/read", zone)
        arm.get(zone)
        if suffix := request.query.get("$recordsetnamesuffix"):
            raise NotEmulated(f"{request.describe()} with $recordsetnamesuffix '{suffix}'")
        found: list[dict[str, Any]] = [
            record for kind in RECORD_TYPES for record in store.children(f"{zone}/{kind}")
        ]
        return Response.json(page(found, request))
