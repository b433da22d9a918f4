"""The manifests of a revision: what each has to hold, whatever the values."""

import re
import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.service_accounts import SERVICE_ACCOUNTS
from infra.traffic import BETWEEN
from ml.errors import MlopsError
from ml.estate import project_root
from ml.production import manifests
from ml.production.values import (
    LEAST_MEMORY,
    STOP_SECONDS,
    Replicas,
    Size,
    Values,
    cores,
    mebibytes,
    size_of,
)
from ml.release import Configuration, Release
from ml.release.revision import release_of, revision_of
from ml.settings import settings
from tests.ml.production.revisions import IMAGE, RELEASE, values

FOLDER = project_root() / manifests.FOLDER
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1035, which Services keep to
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def by_kind(chosen: Values) -> dict[str, Any]:
    """Kind, and for network policies kind/name, -> manifest."""
    found = {}
    for one in manifests.render(chosen):
        kind = one["kind"]
        found[f"{kind}/{one['metadata']['name']}" if kind == "NetworkPolicy" else kind] = one
    return found


def quantity(text: str) -> float:
    """Cores, or bytes."""
    units = {"m": 1e-3, "Mi": 2.0**20, "Gi": 2.0**30}
    number, unit = re.fullmatch(r"(\d+)(\w*)", text).groups()  # type: ignore[union-attr]
    return int(number) * units.get(unit, 1.0)


@st.composite
def any_values(draw: st.DrawFn) -> Values:
    limit = draw(st.floats(0.1, 64).map(lambda number: round(number, 3)))
    minimum = draw(st.integers(2, 100))
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
    return values(
        release=f"r-{draw(st.text('0123456789abcdef', min_size=16, max_size=16))}",
        port=draw(st.integers(1024, 65535)),
        variables=draw(
            st.dictionaries(st.text(string.ascii_uppercase, min_size=1, max_size=8), text, max_size=4)
        ),
        callers=tuple(
            draw(st.lists(st.integers(0, 255).map(lambda n: f"10.{n}.0.0/24"), min_size=1, max_size=3))
        ),
        private_endpoints=draw(st.none() | st.just("10.1.2.0/26")),
        size=Size(
            cpu_request=draw(st.floats(0.1, limit)),
            cpu_limit=limit,
            memory_mib=draw(st.integers(256, 65536)),
        ),
        replicas=Replicas(
            minimum=minimum, maximum=draw(st.integers(minimum, 1000)), cpu_percent=draw(st.integers(10, 100))
        ),
        available_seconds=draw(st.integers(0, 60)),
        drain_seconds=draw(st.integers(0, 120)),
    )


@given(any_values())
@examples(max_examples=60)
def test_holds_together_whatever_the_values(chosen: Values) -> None:
    rendered = manifests.render(chosen)
    assert "${" not in yaml.safe_dump([{**one, "spec": None} for one in rendered])
    assert list(yaml.safe_load_all(manifests.as_yaml(rendered))) == rendered
    found = by_kind(chosen)
    for one in rendered:
        meta = one["metadata"]
        assert DNS_LABEL.fullmatch(meta["name"])
        assert all(LABEL_VALUE.fullmatch(value) for value in meta["labels"].values())
        assert meta.get("namespace", "scoring") == "scoring" or one["kind"] == "Namespace"
    deployment = found["Deployment"]["spec"]
    pod = deployment["template"]["metadata"]["labels"]
    container = deployment["template"]["spec"]["containers"][0]
    for selector in (
        deployment["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy/scoring"]["spec"]["podSelector"]["matchLabels"],
        *(
            one["labelSelector"]["matchLabels"]
            for one in deployment["template"]["spec"]["topologySpreadConstraints"]
        ),
    ):
        assert selector and selector.items() <= pod.items()
    resources = container["resources"]
    for kind in ("cpu", "memory"):
        assert 0 < quantity(resources["requests"][kind]) <= quantity(resources["limits"][kind])
    scaler = found["HorizontalPodAutoscaler"]["spec"]
    assert 2 <= scaler["minReplicas"] <= scaler["maxReplicas"]
    assert scaler["scaleTargetRef"]["name"] == found["Deployment"]["metadata"]["name"] == chosen.revision
    given_variables = {one["name"]: one["value"] for one in container["env"]}
    assert chosen.variables.items() <= given_variables.items() and len(given_variables) == len(
        container["env"]
    )


def test_what_is_sent_is_what_lies_in_the_folder() -> None:
    """No file is forgotten, and no value is computed for nobody."""
    names = {file.name for file in FOLDER.glob("*.yaml")}
    assert names == {*manifests.SHARED, *manifests.REVISION}
    used = {
        name for file in FOLDER.glob("*.yaml") for name in re.findall(r"\$\{([a-z_]*)\}", file.read_text())
    }
    assert used == set(values().placeholders())


def test_a_misspelt_placeholder_is_refused_by_name() -> None:
    with pytest.raises(MlopsError, match=re.escape("environments/kubernetes/x.yaml has ${imgae}")):
        manifests.fill({"spec": ["${imgae}"]}, {"image": "i"}, "x.yaml")


def test_a_value_cannot_change_the_shape_of_a_manifest() -> None:
    wild = '"}\n- name: X\n  value: ${image}'
    chosen = values(variables={"WILD": wild})
    (container,) = by_kind(chosen)["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "WILD", "value": wild} in container["env"]


def test_pods_hold_no_more_rights_than_they_need() -> None:
    found = by_kind(values())
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert found["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_user_of_the_image_is_the_pods() -> None:
    dockerfile = (project_root() / "environments/scoring/Dockerfile").read_text()
    security = by_kind(values())["Deployment"]["spec"]["template"]["spec"]["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}" in dockerfile


def test_the_only_token_is_for_entra_id_and_for_the_federated_account() -> None:
    found = by_kind(values())
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (account,) = [one for one in SERVICE_ACCOUNTS if one.identity == "scoring"]
    meta = found["ServiceAccount"]["metadata"]
    assert (meta["namespace"], meta["name"], pod["serviceAccountName"]) == (
        account.namespace,
        account.name,
        account.name,
    )
    assert found["Namespace"]["metadata"]["name"] == account.namespace
    assert (
        found["ServiceAccount"]["automountServiceAccountToken"]
        is pod["automountServiceAccountToken"]
        is False
    )
    ((source,),) = [volume["projected"]["sources"] for volume in pod["volumes"]]
    assert source["serviceAccountToken"]["audience"] == "api://AzureADTokenExchange"
    (container,) = pod["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    (mount,) = container["volumeMounts"]
    token = source["serviceAccountToken"]["path"]
    assert variables["AZURE_FEDERATED_TOKEN_FILE"] == f"{mount['mountPath']}/{token}"
    assert mount["readOnly"]


def test_the_autoscaler_owns_the_number_of_pods() -> None:
    """A number, or null, would be taken back to at each apply (a Deployment at 7 goes to 1)."""
    assert "replicas" not in by_kind(values())["Deployment"]["spec"]


def test_a_budget_never_blocks_the_drain_of_a_node() -> None:
    """Whatever the number of pods, one may go; broken ones always may."""
    found = by_kind(values())
    budget = found["PodDisruptionBudget"]["spec"]
    assert budget["maxUnavailable"] == 1 and "minAvailable" not in budget
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_pod_that_stops_has_time_for_what_it_has() -> None:
    pod = by_kind(values(drain_seconds=20))["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 20}}
    assert pod["terminationGracePeriodSeconds"] == 20 + STOP_SECONDS
    assert STOP_SECONDS > 28  # what docs/scoring.md says that the end of the service takes at most
    update = by_kind(values())["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    assert update == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_pod_counts_once_it_was_ready_for_as_long_as_the_settings_say() -> None:
    assert by_kind(values(available_seconds=7))["Deployment"]["spec"]["minReadySeconds"] == 7
    assert settings().kubernetes.available_seconds == 5


def test_probes_ask_what_the_service_answers() -> None:
    (container,) = by_kind(values())["Deployment"]["spec"]["template"]["spec"]["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/healthz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert all(container[name]["httpGet"]["port"] in ports for name in paths)


def test_the_balancer_is_private_and_at_the_port_that_the_network_opens() -> None:
    service = by_kind(values())["Service"]
    prefix = "service.beta.kubernetes.io/azure-load-balancer-internal"
    assert service["metadata"]["annotations"] == {prefix: "true", f"{prefix}-subnet": "snet-kubernetes"}
    (port,) = service["spec"]["ports"]
    for source in ("gateway", "ci-runners"):
        (row,) = [row for row in BETWEEN if (row.source, row.target) == (source, "kubernetes")]
        assert str(port["port"]) in row.ports
    # Else the addresses that the network policy lets in would be those of nodes.
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_nothing_goes_in_or_out_that_is_not_named() -> None:
    found = by_kind(values())
    assert found["NetworkPolicy/default-deny"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    spec = found["NetworkPolicy/scoring"]["spec"]
    ((ingress,), (names, services)) = spec["ingress"], spec["egress"]
    assert ingress["from"] == [
        {"ipBlock": {"cidr": "10.30.4.0/26"}},
        {"ipBlock": {"cidr": "10.30.5.0/28"}},
    ]
    assert [one["port"] for one in names["ports"]] == [53, 53]
    assert services["ports"] == [{"protocol": "TCP", "port": 443}]
    private, public = services["to"]
    assert private == {"ipBlock": {"cidr": "10.30.2.0/26"}}
    # Neither other machines of the network nor Azure's metadata service are "the internet".
    assert {"10.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32"} <= set(public["ipBlock"]["except"])
    assert (
        len(by_kind(values(private_endpoints=None))["NetworkPolicy/scoring"]["spec"]["egress"][1]["to"]) == 1
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("release", "r-0123456789ABCDEF"),
        ("release", "rev-0123456789abcdef"),
        ("image", "crprod.azurecr.io/scoring:latest"),
        ("image", IMAGE + " --privileged"),
        ("port", 80),
        ("callers", ()),
        ("callers", ("10.30.4.1/26",)),
        ("private_endpoints", "anywhere"),
        ("variables", {"lower": "x"}),
        ("variables", {"PORT": 8080}),
        ("identity_client_id", "none"),
        ("available_seconds", 61),
        ("drain_seconds", 121),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        values(**{name: value})


def test_sizes_and_numbers_of_pods_are_in_order() -> None:
    with pytest.raises(ValidationError, match="cpu_request 2 is more than cpu_limit 1"):
        Size(cpu_request=2.0, cpu_limit=1.0, memory_mib=512)
    with pytest.raises(ValidationError, match="minimum 5 is more than maximum 4"):
        Replicas(minimum=5, maximum=4, cpu_percent=60)
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        Replicas(minimum=1, maximum=4, cpu_percent=60)


class Measured:
    def __init__(self, cpu: float, memory: int) -> None:
        self.cpu_cores_p95, self.memory_bytes_max = cpu, memory


RELEASED = Release(
    model_name="credit",
    model_version="1",
    image_repository="scoring",
    image_digest="sha256:" + "a" * 64,
    configuration=Configuration(cpu=1.0, memory_gb=1.5, port=8080),
)


@pytest.mark.parametrize(
    ("measured", "request_", "memory"),
    [
        (None, 1.0, 1536),
        (Measured(0.32, 300 * 2**20), 0.5, 512),  # 0.48 cores, 450 MiB: rounded up
        (Measured(0.9, 300 * 2**20), 1.0, 512),  # no more than the limit that stage was measured with
        (Measured(0.001, 1), 0.1, LEAST_MEMORY),
        (Measured(0.2, 3 * 2**30), 0.3, 4608),  # more than stage had: what was measured counts
    ],
)
def test_the_size_is_what_stage_measured_and_a_margin(
    measured: Measured | None, request_: float, memory: int
) -> None:
    assert size_of(RELEASED, measured, 1.5, 1.5) == Size(
        cpu_request=request_, cpu_limit=1.0, memory_mib=memory
    )


def test_quantities_are_written_as_kubernetes_keeps_them() -> None:
    assert [cores(n) for n in (1.0, 0.5, 0.1, 1.25, 2.0)] == ["1", "500m", "100m", "1250m", "2"]
    assert [mebibytes(n) for n in (256, 1024, 1536)] == ["256Mi", "1Gi", "1536Mi"]


def test_a_revision_is_named_by_its_release() -> None:
    assert revision_of(RELEASE) == "rev-0123456789abcdef" and release_of(revision_of(RELEASE)) == RELEASE
    with pytest.raises(MlopsError, match="'default' is no revision"):
        release_of("default")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match=r"namespace\.yaml cannot be read"):
        manifests.render(values(), tmp_path)
