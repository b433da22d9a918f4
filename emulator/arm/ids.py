"""ARM ids: what a path names, its type, its parent and its scope."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.errors import AzureError

SUBSCRIPTION = "Microsoft.Resources/subscriptions"
RESOURCE_GROUP = "Microsoft.Resources/resourceGroups"
TENANT = "Microsoft.Resources/tenants"


@dataclass(frozen=True, slots=True)
class ArmId:
    """A parsed path. For a collection ``name`` is empty and ``type`` is the type of its members."""

    text: str
    type: str
    name: str
    names: tuple[str, ...]  # the names of the type's chain, outermost first
    parent: str  # id of the parent resource, or of the scope; "" at the tenant
    scope: str  # id that stands before "/providers/NAMESPACE"
    subscription: str
    resource_group: str  # name

    @property
    def is_collection(self) -> bool:
        return not self.name

    @property
    def namespace(self) -> str:
        return self.type.split("/", 1)[0]


def fold(text: str) -> str:
    """The form in which ids are compared."""
    return text.rstrip("/").lower()


def canonical(path: str) -> str:
    """The path with ARM's spelling of its fixed segments and without a trailing slash."""
    segments = path.rstrip("/").split("/")
    spelling = {
        "subscriptions": "subscriptions",
        "resourcegroups": "resourceGroups",
        "providers": "providers",
    }
    before_provider = True
    for index, segment in enumerate(segments):
        low = segment.lower()
        if low == "providers":
            segments[index], before_provider = "providers", False
        elif before_provider and index % 2 == 1 and low in spelling:
            segments[index] = spelling[low]
    return "/".join(segments)


def parse(path: str) -> ArmId | None:
    """What ``path`` names; None for a path that is no ARM id or collection."""
    text = canonical(path)
    segments = text.split("/")[1:]
    if not text.startswith("/") or not all(segments):
        return None
    subscription = segments[1] if len(segments) > 1 and segments[0] == "subscriptions" else ""
    group = segments[3] if subscription and len(segments) > 3 and segments[2] == "resourceGroups" else ""
    provider = len(segments) - 1 - segments[::-1].index("providers") if "providers" in segments else -1
    if provider < 0:
        return _container(text, segments, subscription, group)
    rest = segments[provider + 1 :]
    if len(rest) < 2:
        return None
    scope = "".join(f"/{segment}" for segment in segments[:provider])
    kinds, names = rest[1::2], tuple(rest[2::2])
    arm_type = "/".join([rest[0], *kinds])
    complete = len(kinds) == len(names)
    depth = len(names) - 1 if complete else len(names)
    parent = scope
    if depth > 0:
        parent = f"{scope}/providers/{rest[0]}" + "".join(
            f"/{kind}/{name}" for kind, name in zip(kinds[:depth], names[:depth], strict=True)
        )
    return ArmId(text, arm_type, names[-1] if complete else "", names, parent, scope, subscription, group)


def _container(text: str, segments: list[str], subscription: str, group: str) -> ArmId | None:
    """Tenants, subscriptions and resource groups: the ids without a provider part."""
    match segments:
        case ["tenants"]:
            return ArmId(text, TENANT, "", (), "", "", "", "")
        case ["subscriptions"]:
            return ArmId(text, SUBSCRIPTION, "", (), "", "", "", "")
        case ["subscriptions", name]:
            return ArmId(text, SUBSCRIPTION, name, (name,), "", "", subscription, "")
        case ["subscriptions", _, "resourceGroups"]:
            scope = f"/subscriptions/{subscription}"
            return ArmId(text, RESOURCE_GROUP, "", (), scope, scope, subscription, "")
        case ["subscriptions", _, "resourceGroups", name]:
            scope = f"/subscriptions/{subscription}"
            return ArmId(text, RESOURCE_GROUP, name, (name,), scope, scope, subscription, group)
        case _:
            return None


def parse_resource(resource_id: str) -> ArmId:
    """``parse`` for an id that must name one resource; 400 InvalidResourceId otherwise."""
    parsed = parse(resource_id)
    if parsed is None or parsed.is_collection:
        raise AzureError(400, "InvalidResourceId", f"{resource_id!r} is not an ARM resource id.")
    return parsed


def within(resource_id: str, scope: str) -> bool:
    """Whether ``resource_id`` is ``scope`` or lies under it. All lie under the tenant: ``""``, ``"/"``."""
    inner, outer = fold(resource_id), fold(scope)
    return inner == outer or inner.startswith(f"{outer}/")
