"""The pool against API Management on loopback: its own refusals, and an `up` of the stack in between."""

from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from emulator.app import Emulator
from ml.azure.management import Management
from ml.errors import Overtaken
from ml.gateway.pool import Pool
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core.conftest import Client
from tests.emulator.homes import started_once
from tests.emulator.storage.transport import Credential, transport
from tests.ml.production.azures import azure

SERVICE = apim.SERVICE
NOBODY = {"properties": {"type": "Single", "protocol": "http", "url": "https://unreleased.invalid"}}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    made = Emulator(started_once(Path(tmp_path_factory.mktemp("pool"))))
    owner = Client(made)
    owner.group()
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    owner.ok("PUT", f"{apim.NETWORK}/virtualNetworks/net", {"location": "westeurope", "properties": space})
    delegation = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    subnet = {"properties": {"addressPrefix": "10.0.0.0/27", "delegations": [delegation]}}
    owner.ok("PUT", apim.SUBNET, subnet)
    owner.ok("PUT", SERVICE, apim.body())
    owner.ok("PUT", f"{SERVICE}/backends/unreleased", NOBODY)
    members = [{"id": f"{SERVICE}/backends/unreleased", "weight": 100, "priority": 1}]
    pool = {"properties": {"type": "Pool", "pool": {"services": members}}}
    owner.ok("PUT", f"{SERVICE}/backends/scoring", pool)
    return made


def pool(emulator: Emulator) -> Pool:
    own = azure()
    own.credential = Credential(emulator)
    return Pool(Management(own, "2024-05-01", transport(emulator)), SERVICE, "scoring")


def test_the_way_of_two_releases(emulator: Emulator) -> None:
    promoter, other = pool(emulator), pool(emulator)
    assert promoter.members() == {"unreleased": 100}
    for number in (1, 2, 2):  # once more is the same
        promoter.add(f"rev-{number}", f"10.0.4.{number}", 40)
    promoter.put({"rev-1": 100})
    other.members()
    promoter.put({"rev-1": 90, "rev-2": 10})
    assert other.members() == {"rev-1": 90, "rev-2": 10}
    with pytest.raises(HttpResponseError):
        promoter.remove("rev-2")  # a member is not removed
    promoter.put({"rev-2": 100})
    promoter.remove("rev-1")
    promoter.remove("rev-1")
    assert promoter.members() == {"rev-2": 100}


def test_who_read_before_a_rollback_changes_nothing(emulator: Emulator) -> None:
    promoter, on_call = pool(emulator), pool(emulator)
    promoter.add("rev-3", "10.0.4.3", 40)
    promoter.add("rev-4", "10.0.4.4", 40)
    promoter.members()
    on_call.force({"rev-3": 100})
    with pytest.raises(Overtaken):
        promoter.put({"rev-3": 50, "rev-4": 50})
    assert on_call.members() == {"rev-3": 100}


def test_a_member_that_is_no_backend_is_refused_and_the_weights_stay(emulator: Emulator) -> None:
    promoter = pool(emulator)
    before = promoter.members()
    with pytest.raises(HttpResponseError):
        promoter.put({"rev-nowhere": 100})
    assert promoter.members() == before
