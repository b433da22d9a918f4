"""Families of machines' sizes, in which quotas count: `Standard_D4ds_v5` has 4 of standardDDSv5Family.

The names follow from those of the sizes, as `az vm list-skus` shows them; those of some sizes with an
accelerator do not, and stand in a table (read 2026-11 in reports of `Microsoft.Compute/skus`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from emulator.arm import vmsizes

SIZE: Final = re.compile(r"Standard_(?P<series>[A-Z]+)(?P<number>\d+)(?P<features>[a-z]*)(?P<rest>(?:_\w+)?)")
IRREGULAR: Final = {"NCAST4v3": "Standard NCASv3_T4 Family", "NDASRv4": "Standard NDASv4_A100 Family"}
# In Dv2 and Dsv2 the number is no count of vCPUs: "Dv2 and DSv2-series" (learn.microsoft.com, read 2026-11).
DV2: Final = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20}
ACCELERATED: Final = ("NC", "ND", "NV", "NP")


@dataclass(frozen=True, slots=True)
class Size:
    """name: as Azure spells it. family: as quotas name it. shown: as people read it. accelerated: with GPUs
    or FPGAs."""

    name: str
    family: str
    shown: str
    vcpus: int
    accelerated: bool


@cache
def size(name: str) -> Size | None:
    """The size of a name in any case; None for one that Azure does not have."""
    spelled = vmsizes.sizes().get(name.lower())
    match = SIZE.fullmatch(spelled) if spelled else None
    if spelled is None or match is None:
        return None
    series, number, rest = match["series"], int(match["number"]), match["rest"].replace("_", "")
    mark = f"{series}{match['features'].upper()}{rest}"
    vcpus = DV2[number] if series in ("D", "DS") and rest == "v2" else number
    regular = f"standard{mark}Family"
    return Size(
        spelled,
        IRREGULAR.get(mark, regular),
        f"Standard {mark} Family vCPUs",
        vcpus,
        series.startswith(ACCELERATED),
    )


@cache
def families() -> dict[str, Size]:
    """One size of each family, by the family's name, in the order of the sizes."""
    found: dict[str, Size] = {}
    for name in vmsizes.sizes().values():
        one = size(name)
        if one is not None:
            found.setdefault(one.family, one)
    return found
