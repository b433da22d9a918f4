"""A desk in the emulator's world: looks at production, and makes by hand what the commands refuse to make.

One request a line on standard input, {"do": NAME, …}; one answer a line. It acts as whoever runs it.
"""

import base64
import json
import sys
import time
import uuid
from datetime import timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from ml.approval import envelope, holding, keys, statement
from ml.azure.clients import Azure
from ml.azure.management import Management
from ml.content import content_key
from ml.estate import project_root, read_estate
from ml.gateway.place import API
from ml.production.api import path_of
from ml.production.assembly import Production
from ml.production.credentials import connect
from ml.release import proof, records, store
from ml.release.evidence import Check, StageEvidence
from ml.release.place import estate_of
from ml.terminal.console import Report

KINDS = ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget")


@cache
def estate(environment):
    """All of an estate, for whoever may read the stack."""
    return Azure(read_estate(environment), Report(True))


@cache
def releases(environment):
    """The part of an estate that approvals touch, for everybody."""
    return Azure(estate_of(environment, project_root()), Report(True))


@cache
def production():
    azure = estate("prod")
    return Production(azure, project_root()).world(), connect(azure), Management(azure, API)


def kept(azure, name):
    """What stands in a container: digest of each blob, by name."""
    client = azure.container(store.release_account(azure), name)
    return {str(one.name): one.etag for one in client.list_blobs()}


def look():
    """All that a promotion changes."""
    world, api, management = production()
    azure = estate("prod")
    service = (
        f"/subscriptions/{azure.estate.subscription_id}/resourceGroups/{azure.estate.resource_group}"
        f"/providers/Microsoft.ApiManagement/service/{azure.estate.gateway}"
    )
    backends, _ = management.read(f"{service}/backends")
    objects = {
        f"{kind} {one['metadata']['name']}": content_key(one["spec"])
        for kind in KINDS
        for one in api.items(path_of(kind, "scoring"))
    }
    state = world.store.read()
    return {
        "state": state.model_dump(mode="json"),
        "lease": world.lease.holder(),
        "members": world.pool.members(),
        "backends": sorted(one["name"] for one in backends["value"]),
        "ready": {one.name: one.ready for one in world.cluster.revisions()},
        "objects": objects,
        "approvals": kept(azure, "approvals-prod"),
        "releases": kept(azure, "releases-stage"),
    }


def end_lease():
    return production()[0].lease.end()


def grant(principal):
    """May approve as far as roles go: as a group is given them by infra/bootstrap."""
    azure = estate("prod")
    account, vault = azure.estate.release_account, azure.estate.release_vault
    management = Management(azure, "2022-04-01")
    scopes = {
        f"Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/approvals-prod": (
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
        ),
        f"Microsoft.KeyVault/vaults/{vault}/keys/approvals-prod": "12338af0-0e69-4776-bea7-57ae8d297424",
    }
    shared = settings_group()
    for scope, role in scopes.items():
        place = f"{shared}/providers/{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        properties = {
            "roleDefinitionId": f"{shared.partition('/resourceGroups')[0]}"
            f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
        management.put(place, {"properties": properties})


def settings_group():
    from infra.stack_file import settings_of

    found = settings_of("prod", project_root()).releases
    return str(found.group_id)


def forge(release, approver, expires_s=3600.0, how="", image="", requester=""):
    """An approval by hand, signed and written as whoever runs this. how: what is wrong with it."""
    azure = releases("prod")
    case = holding.case(azure, release, project_root())
    now = statement.now()
    predicate = statement.Predicate(
        release=release,
        environment="prod",
        approver=approver,
        requester=requester or case.requester,
        reason="forged",
        approved_at=now,
        expires_at=now + timedelta(seconds=expires_s),
    )
    digests = case.digests.model_copy(update={"image": image} if image else {})
    content = keys.signed(azure, "prod", statement.stated(digests, predicate))
    payload, key_id, _ = envelope.opened(content)
    if how == "tampered":
        parsed = json.loads(content)
        parsed["payload"] = base64.b64encode(payload.replace(b'"forged"', b'"f0rged"')).decode()
        content = json.dumps(parsed).encode()
    if how == "own key":
        own = ec.generate_private_key(ec.SECP256R1())
        signature = own.sign(envelope.to_be_signed(payload), ec.ECDSA(SHA256()))
        content = envelope.sealed(payload, key_id, signature)
    client = azure.container(store.release_account(azure), "approvals-prod")
    client.upload_blob(f"{release}/{uuid.uuid4().hex}.json", content)
    time.sleep(max(0.0, expires_s + 1 if expires_s < 5 else 0))


def prove(release, green):
    """Evidence by hand."""
    check = Check(name="by hand", passed=green, figures={}, reason="a test says so")
    evidence = StageEvidence(
        release_id=release,
        environment="stage",
        made_at=statement.now().isoformat(),
        checks=(check,),
        profile=None,
    )
    return proof.keep(releases("stage"), evidence)


def record(release):
    """The same content in another configuration, recorded by whoever runs this: its id."""
    azure = releases("stage")
    found = records.read(azure, release)
    configuration = found.release.configuration.model_copy(update={"variables": {"SCORING_MAX_ROWS": "1234"}})
    made = found.model_copy(
        update={"release": found.release.model_copy(update={"configuration": configuration})}
    )
    assert records.record(azure, made)
    return made.release.id


DOES = {one.__name__: one for one in (look, end_lease, grant, forge, prove, record)}


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(DOES[asked.pop("do")](**asked)), flush=True)
