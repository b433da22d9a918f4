"""The sizes of virtual machines that Azure has, as series: a name with {n}, and the numbers of vCPUs."""

from __future__ import annotations

import difflib
import itertools
from functools import cache
from typing import Final

_SMALL: Final = "2 4 8 16 32"
_D: Final = "2 4 8 16 32 48 64"
_D96: Final = f"{_D} 96"
_E: Final = "2 4 8 16 20 32 48 64"
_E96: Final = f"{_E} 96"
_V6: Final = "2 4 8 16 32 48 64 96 128"

# one line a generation: the names it has, and the numbers that stand for {n}
SERIES: Final[tuple[tuple[str, str], ...]] = (
    ("A{n}_v2", "1 2 4 8"),
    ("A{n}m_v2", "2 4 8"),
    ("B{n}s", "1 2 4 8 12 16 20"),
    ("B{n}ls", "1"),
    ("B{n}ms", "1 2 4 8 12 16 20"),
    ("B{n}ts_v2 B{n}ats_v2 B{n}pts_v2", "2"),
    ("B{n}ls_v2 B{n}als_v2 B{n}pls_v2", "2 4 8 16"),
    ("B{n}s_v2 B{n}as_v2 B{n}ps_v2", _SMALL),
    ("D{n}_v2 DS{n}_v2", "1 2 3 4 5 11 12 13 14 15"),
    ("D{n}_v3 D{n}s_v3", _D),
    ("D{n}_v4 D{n}s_v4 D{n}d_v4 D{n}ds_v4", _D),
    ("D{n}a_v4 D{n}as_v4", _D96),
    ("D{n}_v5 D{n}s_v5 D{n}d_v5 D{n}ds_v5 D{n}as_v5 D{n}ads_v5", _D96),
    ("D{n}ls_v5 D{n}lds_v5", _D96),
    ("D{n}ps_v5 D{n}pds_v5 D{n}pls_v5 D{n}plds_v5", _D),
    ("D{n}s_v6 D{n}ds_v6 D{n}ls_v6 D{n}lds_v6", _V6),
    ("D{n}as_v6 D{n}ads_v6 D{n}als_v6 D{n}alds_v6", _D96),
    ("D{n}ps_v6 D{n}pds_v6 D{n}pls_v6 D{n}plds_v6", _D96),
    ("DC{n}s_v2", "1 2 4 8"),
    ("DC{n}s_v3 DC{n}ds_v3", "1 2 4 8 16 24 32 48"),
    ("DC{n}as_v5 DC{n}ads_v5", _D96),
    ("E{n}_v3 E{n}s_v3", _E),
    ("E{n}_v4 E{n}s_v4 E{n}d_v4 E{n}ds_v4", _E),
    ("E{n}a_v4 E{n}as_v4", _E96),
    ("E{n}_v5 E{n}s_v5 E{n}d_v5 E{n}ds_v5 E{n}as_v5 E{n}ads_v5", f"{_E96} 104 112"),
    ("E{n}bs_v5 E{n}bds_v5", _E96),
    ("E{n}ps_v5 E{n}pds_v5", "2 4 8 16 20 32"),
    ("E{n}s_v6 E{n}ds_v6", f"{_V6} 20"),
    ("E{n}as_v6 E{n}ads_v6 E{n}ps_v6 E{n}pds_v6", _E96),
    ("F{n} F{n}s", "1 2 4 8 16"),
    ("F{n}s_v2", "2 4 8 16 32 48 64 72"),
    ("F{n}as_v6 F{n}als_v6 F{n}ams_v6", "2 4 8 16 32 48 64"),
    ("FX{n}mds", "4 12 24 36 48"),
    ("H{n} H{n}m", "8 16"),
    ("HB{n}rs_v2", "120"),
    ("HB{n}rs_v3", "120"),
    ("HC{n}rs", "44"),
    ("L{n}s_v2", "8 16 32 48 64 80"),
    ("L{n}s_v3 L{n}as_v3", "8 16 32 48 64 80"),
    ("M{n}s M{n}ms", "64 128"),
    ("NC{n}s_v3", "6 12 24"),
    ("NC{n}as_T4_v3", "4 8 16 64"),
    ("NC{n}ads_A100_v4", "24 48 96"),
    ("NC{n}ads_H100_v5", "40"),
    ("NC{n}adis_H100_v5", "80"),
    ("NC24rs_v3 NP10s NP20s NP40s HB176rs_v4 HX176rs", ""),
    ("ND{n}rs_v2", "40"),
    ("ND{n}asr_v4 ND{n}amsr_A100_v4", "96"),
    ("ND{n}isr_H100_v5 ND{n}isr_H200_v5", "96"),
    ("NV{n}s_v3", "12 24 48"),
    ("NV{n}as_v4", "4 8 16 32"),
    ("NV{n}ads_A10_v5", "6 12 18 36 72"),
    ("NV{n}adms_A10_v5", "36"),
)


@cache
def sizes() -> dict[str, str]:
    """The names of all sizes, such as Standard_DS3_v2, by their lower-case form."""
    names = itertools.chain.from_iterable(
        [name.format(n=number) for name in names.split() for number in numbers.split() or [""]]
        for names, numbers in SERIES
    )
    return {f"standard_{name}".lower(): f"Standard_{name}" for name in names}


def exists(name: str) -> bool:
    """Whether Azure has a size of that name, in any case."""
    return name.lower() in sizes()


def nearest(name: str) -> str:
    """``; did you mean 'Standard_DS3_v2'?``, empty when nothing is near."""
    folded = name.lower() if name.lower().startswith("standard_") else f"standard_{name.lower()}"
    near = difflib.get_close_matches(folded, sizes(), 1)
    return f"; did you mean '{sizes()[near[0]]}'?" if near else ""
