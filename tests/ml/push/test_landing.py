"""Landing as Azure's own client meets it, under the role that the bootstrap defines: it adds, and no more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, Principal
from emulator.places import Place
from infra.roles import LANDING_WRITER, OWN_ROLES
from ml.azure.clients import until_granted
from ml.errors import MlopsError
from ml.lake.files import LakeFiles
from ml.push.place import LakeLanding, sender
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.ml.cli.mlops_fakes import RecordingReport


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Principal]]:
    """A lake with landing, and whoever may push there."""
    emulator = estate.start(tmp_path_factory.mktemp("landing"))
    lake = estate.account(emulator, "lake", isHnsEnabled=True)
    landing = f"{lake}/blobServices/default/containers/landing"
    emulator.arm.put(landing, {})
    role = str(uuid.uuid4())
    definition = f"{estate.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    permission = {"actions": [], "dataActions": list(OWN_ROLES[LANDING_WRITER].data_actions)}
    properties = {
        "roleName": LANDING_WRITER,
        "assignableScopes": [estate.SUBSCRIPTION],
        "permissions": [permission],
    }
    emulator.arm.put(definition, {"properties": properties})
    who = estate.identity(emulator, "training")
    estate.grant(emulator, who.object_id, role, landing)
    estate.grant(emulator, SIGNED_IN.object_id, estate.CONTRIBUTOR)
    yield emulator, who
    emulator.close()


def landing_of(emulator: Emulator, who: Principal) -> LakeLanding:
    report: Any = RecordingReport()
    azure: Any = SimpleNamespace(
        limits={}, credential=Credential(emulator, who), granted=lambda call, what: _once(call, what, report)
    )
    return LakeLanding(azure, "lake", transport=transport(emulator), retry_total=0)


def _once(call: Any, what: str, report: Any) -> Any:
    return until_granted(call, what, report, 0.0)


@pytest.mark.parametrize("writes", [False, True], ids=["adds alone", "writes"])
def test_a_name_is_taken_once(world: tuple[Emulator, Principal], writes: bool) -> None:
    """Whoever may only add is answered 403, whoever may write 409: both mean that it is there."""
    emulator, pusher = world
    landing = landing_of(emulator, SIGNED_IN if writes else pusher)
    name = f"prod-2026-11-29-{uuid.uuid4().hex[:16]}.parquet"
    assert landing.add(name, b"rows")
    assert not landing.add(name, b"others")
    reading = LakeFiles("lake", "landing", Credential(emulator), transport=transport(emulator), retry_total=0)
    assert reading.read(name) == b"rows"


def test_a_large_file_is_sent_by_one_request(
    world: tuple[Emulator, Principal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would cut what is larger than 64 MiB into blocks, and the role takes none."""
    emulator, pusher = world
    sent: list[int] = []
    real = emulator.answer

    def seen(request: Any, *more: Any, **named: Any) -> Any:
        sent.append(len(request.body))
        return real(request, *more, **named)

    monkeypatch.setattr(emulator, "answer", seen)
    size = (64 << 20) + 1
    assert landing_of(emulator, pusher).add("large.parquet", bytes(size))
    assert sent == [size]


def test_without_the_role_it_is_an_error_and_not_taken_for_there(world: tuple[Emulator, Principal]) -> None:
    emulator, _ = world
    nobody = estate.identity(emulator, "nobody")
    with pytest.raises(MlopsError, match="forbids to add a file to landing of lake"):
        landing_of(emulator, nobody).add("x.parquet", b"rows")


def test_records_are_made_once_in_the_lake(world: tuple[Emulator, Principal]) -> None:
    emulator, _ = world
    files = LakeFiles("lake", "data", Credential(emulator), transport=transport(emulator), retry_total=0)
    assert files.create("pushed/a.json", b"1")
    assert not files.create("pushed/a.json", b"2")
    assert files.read("pushed/a.json") == b"1"


def test_an_estate_that_pushes_nowhere_says_which_setting_is_missing() -> None:
    azure: Any = SimpleNamespace(
        estate=SimpleNamespace(environment="prod", data_lake="dlprod", pushes_to=None)
    )
    with pytest.raises(MlopsError, match=r"retraining\.pushTo"):
        sender(azure)


def test_productions_subnet_reaches_the_lake_by_both_sides_settings(
    world: tuple[Emulator, Principal],
) -> None:
    """The policy of its service endpoint names the account (pushTo), whose firewall names it (pushedBy)."""
    emulator, _ = world
    put = emulator.arm.put
    group = f"/subscriptions/{list(SUBSCRIPTIONS)[1]}/resourceGroups/rg-prod"
    network = f"{group}/providers/Microsoft.Network"
    policy, vnet = f"{network}/serviceEndpointPolicies/own", f"{network}/virtualNetworks/vnet"
    subnet = f"{vnet}/subnets/training"
    put(group, {"location": estate.LOCATION})
    put(policy, {"location": estate.LOCATION})
    space = {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}}
    put(vnet, {"location": estate.LOCATION, "properties": space})
    endpoint = {
        "addressPrefix": "10.30.0.0/23",
        "serviceEndpoints": [{"service": "Microsoft.Storage"}],
        "serviceEndpointPolicies": [{"id": policy}],
    }
    put(subnet, {"properties": endpoint})
    lake = estate.account(emulator, "guarded", isHnsEnabled=True, networkAcls={"defaultAction": "Deny"})

    def denied() -> str:
        found = emulator.reach.denied(Place(subnet), lake, "blob")
        return found.kind if found else ""

    row = {"service": "Microsoft.Storage", "serviceResources": [group]}
    put(f"{policy}/serviceEndpointPolicyDefinitions/estate", {"properties": row})
    assert denied() == "lost"
    pushed = {"service": "Microsoft.Storage", "serviceResources": [lake]}
    put(f"{policy}/serviceEndpointPolicyDefinitions/landing", {"properties": pushed})
    assert denied() == "firewall"
    let_in = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": subnet}]}
    estate.account(emulator, "guarded", isHnsEnabled=True, networkAcls=let_in)
    assert denied() == ""
