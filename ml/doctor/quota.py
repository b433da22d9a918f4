"""Whether the region has the virtual machines' sizes, and enough cores of them are left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ml.doctor.findings import Finding, failed, ok, unknown
from ml.doctor.machines import Machines, kubernetes, runners, training
from ml.doctor.subject import COMPUTE, MACHINE_LEARNING, SKUS, Subject

TITLE: Final = "quota"
LOW_PRIORITY: Final = "low priority"
REQUEST: Final = "https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas"


@dataclass(frozen=True, slots=True)
class Size:
    """A virtual machine's size in a region. family: as quotas name it."""

    family: str
    cores: int


@dataclass(frozen=True, slots=True)
class Left:
    """Cores of one family: how many are used, of how many."""

    used: int
    limit: int

    @property
    def free(self) -> int:
        return max(0, self.limit - self.used)


def check(subject: Subject) -> list[Finding]:
    """The quota of Azure ML's clusters, and that of other machines, for Kubernetes and CI."""
    return [*_learning(subject), *_machines(subject)]


def _learning(subject: Subject) -> list[Finding]:
    here = f"{subject.subscription}/providers/Microsoft.MachineLearningServices/locations/{subject.location}"
    api = {"api-version": MACHINE_LEARNING}
    listed = subject.management.get(f"{here}/vmSizes", **api)
    usages = subject.management.items(f"{here}/usages", **api)
    return judge(
        training(subject.settings), sizes_in(listed.get("value") or ()), left_in(usages), subject.location
    )


def _machines(subject: Subject) -> list[Finding]:
    wanted = (*kubernetes(subject.settings), *runners(subject.settings))
    if not wanted:
        return []
    compute = f"{subject.subscription}/providers/Microsoft.Compute"
    listed = subject.management.items(
        f"{compute}/skus", **{"api-version": SKUS, "$filter": f"location eq '{subject.location}'"}
    )
    sizes = {
        str(sku["name"]).lower(): Size(str(sku.get("family", "")), _cores(sku))
        for sku in listed
        if sku.get("resourceType") == "virtualMachines"
    }
    usages = subject.management.items(
        f"{compute}/locations/{subject.location}/usages", **{"api-version": COMPUTE}
    )
    return judge(wanted, sizes, left_in(usages), subject.location, "Azure")


def _cores(sku: Mapping[str, Any]) -> int:
    found: dict[str, str] = {one["name"]: one["value"] for one in sku.get("capabilities") or ()}
    return int(found.get("vCPUs", "0"))


def sizes_in(listed: Iterable[Mapping[str, Any]]) -> dict[str, Size]:
    """By lower-case name."""
    return {
        str(one["name"]).lower(): Size(str(one.get("family", "")), int(one.get("vCPUs") or 0))
        for one in listed
    }


def left_in(usages: Iterable[Mapping[str, Any]]) -> dict[str, Left]:
    """By lower-case family; what is not of a family by its own name ("low priority")."""
    left: dict[str, Left] = {}
    for one in usages:
        name: Any = one.get("name") or {}
        key = str(name.get("value", "")).lower()
        kind = str(one.get("type", "")).lower()
        if "lowprioritycores" in kind:
            if "vmfamily" in kind:  # of low priority only the total of all families is limited
                continue
            key = LOW_PRIORITY
        left[key] = Left(int(one.get("currentValue") or 0), int(one.get("limit") or 0))
    return left


def judge(
    wanted: Iterable[Machines],
    sizes: Mapping[str, Size],
    left: Mapping[str, Left],
    region: str,
    owner: str = "Azure ML",
) -> list[Finding]:
    """Findings about sizes that the region lacks and families of which too few cores are left."""
    lister = "ml compute list-sizes" if owner == "Azure ML" else "vm list-skus"
    findings: list[Finding] = []
    cores: dict[str, int] = defaultdict(int)
    settings: dict[str, list[str]] = defaultdict(list)
    for machines in wanted:
        size = sizes.get(machines.size.lower())
        if size is None:
            findings.append(
                failed(
                    TITLE,
                    f"{machines.setting} is {machines.size}, which {owner} does not have in {region}",
                    f"Set {machines.setting} to a size of `az {lister} --location {region}`.",
                )
            )
            continue
        family = LOW_PRIORITY if machines.low_priority else size.family
        cores[family] += size.cores * machines.most
        settings[family].append(f"{machines.setting} ({machines.most} x {machines.size})")
    for family, asked in cores.items():
        findings.append(
            _enough(family, asked, left.get(family.lower()), " and ".join(settings[family]), region)
        )
    return findings


def _enough(family: str, asked: int, left: Left | None, settings: str, region: str) -> Finding:
    if left is None:
        return unknown(
            TITLE,
            f"Azure names no quota of {family} in {region}; {settings} may take {asked} cores",
            f"Look it up in the portal before `pulumi up`: {REQUEST}.",
        )
    said = f"{settings} may take {asked} cores of {family}; {left.free} of {left.limit} are free in {region}"
    if asked <= left.free:
        return ok(TITLE, said)
    return failed(TITLE, said, f"Ask for more ({REQUEST}), or set fewer nodes or another size.")
