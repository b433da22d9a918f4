"""VM sizes that no new estate should begin on: series that Azure takes out of service, and ARM64 machines.

Read 2026-11, from Azure's retirement notices (learn.microsoft.com/azure/virtual-machines/retirement-notices),
its "D, Ds, Dv2, Dsv2 and Ls series migration guide", and reports of the notice of 2028-11-15. Subscriptions
that have none of such a series may get no quota for it.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Series:
    """pattern: matches the whole name of each size. retires: ISO date. instead: a size to take."""

    name: str
    pattern: str
    retires: str
    instead: str


_D: Final = "Standard_D4ds_v5"

# "Azure virtual machine sizes naming conventions" (read 2026-11): a small p after the number of vCPUs is an
# ARM processor, as in D4pds_v5. NP, an FPGA's family, stands before it.
ARM64: Final = re.compile(r"(?P<before>Standard_[A-Z]+\d+(?:-\d+)?[a-oq-z]*)p(?P<after>[a-z]*(?:_\w+)?)")

RETIRING: Final[tuple[Series, ...]] = (
    Series("Dv2, Dsv2", r"Standard_DS?\d+(-\d+)?_v2", "2028-05-01", _D),
    Series("D, Ds", r"Standard_DS?\d+(-\d+)?", "2028-05-01", _D),
    Series("Ls", r"Standard_L\d+s", "2028-05-01", "Standard_L8as_v3"),
    Series("Av2, Amv2", r"Standard_A\d+m?_v2", "2028-11-15", _D),
    Series("B (first generation)", r"Standard_B\d+(ls|s|ms)", "2028-11-15", "Standard_B4as_v2"),
    Series("F, Fs, Fsv2", r"Standard_F\d+s?(_v2)?", "2028-11-15", "Standard_F4as_v6"),
    Series("G, Gs", r"Standard_GS?\d+(-\d+)?", "2028-11-15", "Standard_E16ds_v5"),
    Series("Lsv2", r"Standard_L\d+s_v2", "2028-11-15", "Standard_L8as_v3"),
)


def retiring(size: str) -> Series | None:
    """The series of a size when Azure retires it."""
    return next((one for one in RETIRING if re.fullmatch(one.pattern, size, re.IGNORECASE)), None)


def x64_beside(size: str) -> str | None:
    """Of a size of ARM64 machines the one of the same series with x64 processors; None for an x64 size."""
    found = ARM64.fullmatch(size)
    return f"{found['before']}{found['after']}" if found else None
