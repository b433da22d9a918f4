"""What decides a revision: one release in one configuration, with what the estate says of its place."""

import math
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Annotated, Final, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from infra.service_accounts import AUDIENCE, SERVICE_ACCOUNTS
from infra.traffic import KUBERNETES_PORT
from ml.deploy.environment import variables
from ml.errors import MlopsError
from ml.release import Release
from ml.release.revision import revision_of

if TYPE_CHECKING:
    from ml.azure.clients import Azure

ACCOUNT: Final = next(account for account in SERVICE_ACCOUNTS if account.identity == "scoring")
CALLERS: Final = ("gateway", "ci-runners")  # subnets that may ask, by key
TOKENS: Final = "/var/run/secrets/azure/tokens"  # where Azure's own webhook puts it
LEAST_CPU: Final = 0.1  # cores; with less, reading the model takes longer than the startup probe waits
LEAST_MEMORY: Final = 256  # MiB
STOP_SECONDS: Final = 30  # the service ends within 28 s of SIGTERM (docs/scoring.md)
# What lies behind "the internet" of a policy and yet is not it: addresses of private networks, of hosts and
# their metadata, and Azure's own of each host.
INSIDE: Final = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)


class Profile(Protocol):
    """What stage measured of a release under load: cores at the 95th percentile, bytes at most."""

    @property
    def cpu_cores_p95(self) -> float: ...
    @property
    def memory_bytes_max(self) -> int: ...


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Size(_Value):
    """Of one pod: cores, and MiB. The limit of memory is what is asked for."""

    cpu_request: float = Field(ge=LEAST_CPU)
    cpu_limit: float = Field(ge=LEAST_CPU)
    memory_mib: int = Field(ge=LEAST_MEMORY)

    @model_validator(mode="after")
    def _fits(self) -> "Size":
        if self.cpu_request > self.cpu_limit:
            raise ValueError(f"cpu_request {self.cpu_request:g} is more than cpu_limit {self.cpu_limit:g}")
        return self


class Replicas(_Value):
    """What the autoscaler keeps to. Two pods at least: one node that goes away must not be the service."""

    minimum: int = Field(ge=2, le=100)
    maximum: int = Field(ge=2, le=1000)
    cpu_percent: int = Field(ge=10, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> "Replicas":
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is more than maximum {self.maximum}")
        return self


def _range(value: str) -> str:
    return str(IPv4Network(value))


Range = Annotated[str, AfterValidator(_range)]
Uuid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class Values(_Value):
    """All that the manifests of environments/kubernetes/ leave open.

    image: by digest. port: of the container. callers: ranges that may ask. private_endpoints: where the
    estate's services are; None in an estate that has them at their public addresses. available_seconds: how
    long a pod is to be ready before it counts. drain_seconds: between a pod's leaving the load balancer and
    its SIGTERM.
    """

    release: str = Field(pattern=r"^r-[0-9a-f]{16}$")
    image: str = Field(pattern=r"^[a-z0-9][a-z0-9.:-]*/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$")
    port: int = Field(ge=1024, le=65535)  # lower ones need rights that the pod does not have
    variables: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], str]
    identity_client_id: Uuid
    tenant_id: Uuid
    subnet: str = Field(min_length=1)
    callers: tuple[Range, ...] = Field(min_length=1)
    private_endpoints: Range | None
    size: Size
    replicas: Replicas
    available_seconds: int = Field(ge=0, le=60)
    drain_seconds: int = Field(ge=0, le=120)

    @property
    def revision(self) -> str:
        return revision_of(self.release)

    def placeholders(self) -> dict[str, object]:
        """What stands for ${NAME} in the manifests."""
        return {
            "namespace": ACCOUNT.namespace,
            "service_account": ACCOUNT.name,
            "audience": AUDIENCE,
            "revision": self.revision,
            "release": self.release,
            "image": self.image,
            "port": self.port,
            "service_port": int(KUBERNETES_PORT),
            "environment": [{"name": name, "value": value} for name, value in self._environment().items()],
            "identity_client_id": self.identity_client_id,
            "tenant_id": self.tenant_id,
            "subnet": self.subnet,
            "callers": [_block(one) for one in self.callers],
            "services": [
                *([_block(self.private_endpoints)] if self.private_endpoints else []),
                {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(INSIDE)}},
            ],
            "cpu_request": cores(self.size.cpu_request),
            "cpu_limit": cores(self.size.cpu_limit),
            "memory": mebibytes(self.size.memory_mib),
            "minimum_replicas": self.replicas.minimum,
            "maximum_replicas": self.replicas.maximum,
            "cpu_percent": self.replicas.cpu_percent,
            "available_seconds": self.available_seconds,
            "drain_seconds": self.drain_seconds,
            "grace_seconds": self.drain_seconds + STOP_SECONDS,
        }

    def _environment(self) -> dict[str, str]:
        """With what Azure's webhook for workload identities would add, sorted: equal values, equal text."""
        own = {
            "AZURE_TENANT_ID": self.tenant_id,
            "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
            "AZURE_FEDERATED_TOKEN_FILE": f"{TOKENS}/azure-identity-token",
        }
        return dict(sorted({**self.variables, **own}.items()))


def _block(cidr: str) -> dict[str, object]:
    return {"ipBlock": {"cidr": cidr}}


def cores(number: float) -> str:
    """Cores as Kubernetes writes them: whole ones, or thousandths (rounded up)."""
    thousandths = math.ceil(round(number * 1000, 6))
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def mebibytes(number: int) -> str:
    """MiB as Kubernetes writes them: whole GiB where they are."""
    return f"{number}Mi" if number % 1024 else f"{number // 1024}Gi"


def size_of(made: Release, measured: Profile | None, cpu_margin: float, memory_margin: float) -> Size:
    """The size of a pod of a release.

    The limit of processor time is the release's own, which stage was measured with. What the scheduler puts
    aside is what stage measured, times the margin (a factor); without a measurement, the release's own.
    """
    own = made.configuration
    memory = math.ceil(own.memory_gb * 1024)  # `memory_gb` are GiB, as Container Instances counts
    if measured is None:
        return Size(cpu_request=own.cpu, cpu_limit=own.cpu, memory_mib=max(LEAST_MEMORY, memory))
    wanted = math.ceil(measured.cpu_cores_p95 * cpu_margin * 20 - 1e-9) / 20  # in steps of 0.05
    needed = math.ceil(measured.memory_bytes_max * memory_margin / 2**26) * 64  # in steps of 64 MiB
    return Size(
        cpu_request=min(own.cpu, max(LEAST_CPU, wanted)),
        cpu_limit=own.cpu,
        memory_mib=max(LEAST_MEMORY, needed),
    )


def values_of(azure: "Azure", made: Release, measured: Profile | None = None) -> Values:
    """The values of a release in this estate. Raises MlopsError where the estate has no Kubernetes."""
    estate, chosen = azure.estate, azure.settings.kubernetes
    subnet, callers = estate.kubernetes_subnet, [key for key in CALLERS if key in estate.subnet_ranges]
    if estate.kubernetes_cluster is None or subnet is None:
        raise MlopsError(
            f"The environment {estate.environment} has no Kubernetes cluster.",
            f"Add the section `kubernetes` to Pulumi.{estate.environment}.yaml and run `pulumi up`, "
            "or name another environment.",
        )
    if not callers:
        raise MlopsError(
            f"Nobody could ask the service in {estate.environment}: it has none of the subnets "
            f"{', '.join(CALLERS)}.",
            f"Add network.subnets.gateway to Pulumi.{estate.environment}.yaml and run `pulumi up`.",
        )
    return Values(
        release=made.id,
        image=f"{estate.registry_login_server}/{made.image_repository}@{made.image_digest}",
        port=made.configuration.port,
        variables={
            **variables(estate, made),
            "KEY_VAULT_URI": estate.key_vault_uri,
            "API_KEY_SECRET": azure.settings.scoring.api_key_secret,
            # An address and no key: Application Insights takes telemetry by identity alone.
            "APPLICATIONINSIGHTS_CONNECTION_STRING": estate.telemetry_connection_string,
        },
        identity_client_id=estate.scoring_identity_client_id,
        tenant_id=estate.tenant_id,
        subnet=subnet,
        callers=tuple(estate.subnet_ranges[key] for key in callers),
        private_endpoints=estate.subnet_ranges.get("private-endpoints"),
        size=size_of(made, measured, chosen.cpu_margin, chosen.memory_margin),
        replicas=Replicas(
            minimum=chosen.minimum_replicas, maximum=chosen.maximum_replicas, cpu_percent=chosen.cpu_percent
        ),
        available_seconds=chosen.available_seconds,
        drain_seconds=chosen.drain_seconds,
    )
