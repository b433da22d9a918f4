"""Production's own manifests, sent as they are rendered."""

from __future__ import annotations

from typing import Any

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.images.references import parse
from emulator.kubernetes.kinds import BY_KIND
from infra.traffic import KUBERNETES_PORT
from ml.production.manifests import render
from tests.emulator.kubernetes.conftest import CLUSTER_ADMIN, Api, grant
from tests.emulator.kubernetes.running.conftest import IMAGE, World
from tests.emulator.kubernetes.running.estate import CLUSTER
from tests.ml.production.revisions import values


def path_of(manifest: dict[str, Any]) -> str:
    kind, meta = BY_KIND[manifest["kind"]], manifest["metadata"]
    base = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    space = f"/namespaces/{meta['namespace']}" if kind.namespaced else ""
    return f"{base}{space}/{kind.plural}/{meta['name']}"


def test_a_revision_becomes_ready_at_its_private_address(world: World, emulator: Emulator) -> None:
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    api = Api(emulator, world.cluster)
    digest = emulator.images.digest(parse(IMAGE))
    image = f"{IMAGE.partition(':')[0]}@{digest}"
    wanted = values().model_copy(update={"image": image, "subnet": "gateway", "drain_seconds": 0})
    for manifest in render(wanted):
        answer = api.apply(path_of(manifest), manifest)
        assert answer.status in (200, 201), answer.body
    address = world.address(wanted.revision)
    assert address.startswith("10.20.2.")
    port = int(KUBERNETES_PORT)
    least = wanted.replicas.minimum
    ports = world.until(lambda: len(found := emulator.inside.where(address, port)) == least and found)
    assert len(set(ports)) == least
    assert any("below Spec.MinReplicas" in words for words in world.events("SuccessfulRescale"))
