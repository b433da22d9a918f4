"""Container groups as a Pulumi program of its own: project mlops-scoring, one stack for each environment.

So a release does not touch the main stack, and has Pulumi's preview, state and history as well. Each release
has a group of its own: `up` makes it beside those that are there, `prune` removes the others.
"""

import os
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ml.deploy.secrets_settings import workspace_options
from ml.errors import MlopsError
from ml.estate import stack_outputs
from ml.terminal.console import Report

if TYPE_CHECKING:
    from pulumi.automation import LocalWorkspaceOptions, Stack

PROJECT = "mlops-scoring"
CONTAINER = "scoring"
PROVIDER = "azure"
RAISED = "raised"  # the output with the address of the group that was made last
GROUP_TYPE = "azure-native:containerinstance:ContainerGroup"
# Options that a person sets for the main stack. This program's configuration is its own.
OTHER_STACK_OPTIONS = ("PULUMI_OPTION_CONFIG_FILE", "PULUMI_OPTION_STACK", "PULUMI_STACK")
OUTPUT_TAIL = 20


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """All that decides the group. `image` is by digest; `secure_env` never stands in clear.

    It has an address in the subnet and no other: a container group has neither TLS nor a firewall.
    """

    name: str
    revision: str
    resource_group: str
    location: str
    subscription_id: str
    tenant_id: str
    image: str
    registry_login_server: str
    identity_id: str
    env: Mapping[str, str]
    secure_env: Mapping[str, str]
    cpu: float
    memory_gb: float
    port: int
    tags: Mapping[str, str]
    outputs: Mapping[str, str]
    subnet_id: str

    @property
    def logical_name(self) -> str:
        """Pulumi's name of the group: another one for each release."""
        return f"{CONTAINER}-{self.revision}"

    def __post_init__(self) -> None:
        if not self.subnet_id:
            raise ValueError("a container group has a subnet")
        if "@sha256:" not in self.image:
            raise ValueError(f"the image {self.image} is not named by its digest")


class Beside(NamedTuple):
    """groups: those of other releases, in the state: name in Azure by logical name. outputs: as they are.

    known: whether the state has the group of the spec. pending: whether an update of it was interrupted.
    """

    groups: Mapping[str, str]
    outputs: Mapping[str, Any]
    known: bool = False
    pending: bool = False


ALONE = Beside({}, {})


class Groups(Protocol):
    """The container groups that Azure has."""

    def exists(self, group: str) -> bool: ...

    def remove(self, group: str) -> None: ...


def declare(spec: GroupSpec, beside: Beside = ALONE, tell: Callable[[str], None] | None = None) -> None:
    """The Pulumi program: the group, and as outputs its address and what it serves.

    beside: what stays as it is, while another group still answers; the output `raised` is this one's address.
    tell: is given the address once Azure has made the group.
    """
    import pulumi
    from pulumi_azure_native import Provider
    from pulumi_azure_native import containerinstance as aci

    provider = Provider(PROVIDER, subscription_id=spec.subscription_id, tenant_id=spec.tenant_id)

    def probe(path: str, failures: int) -> aci.ContainerProbeArgs:
        return aci.ContainerProbeArgs(
            http_get=aci.ContainerHttpGetArgs(path=path, port=spec.port, scheme=aci.Scheme.HTTP),
            initial_delay_seconds=2,
            period_seconds=10,
            timeout_seconds=5,
            failure_threshold=failures,
            success_threshold=1,
        )

    variables = [aci.EnvironmentVariableArgs(name=name, value=value) for name, value in spec.env.items()]
    variables += [
        aci.EnvironmentVariableArgs(name=name, secure_value=pulumi.Output.secret(value))
        for name, value in spec.secure_env.items()
    ]
    container = aci.ContainerArgs(
        name=CONTAINER,
        image=spec.image,
        environment_variables=variables,
        ports=[aci.ContainerPortArgs(port=spec.port, protocol=aci.ContainerNetworkProtocol.TCP)],
        resources=aci.ResourceRequirementsArgs(
            requests=aci.ResourceRequestsArgs(cpu=spec.cpu, memory_in_gb=spec.memory_gb),
            limits=aci.ResourceLimitsArgs(cpu=spec.cpu, memory_in_gb=spec.memory_gb),
        ),
        liveness_probe=probe("/healthz", failures=3),
        readiness_probe=probe("/readyz", failures=30),
    )
    group = aci.ContainerGroup(
        spec.logical_name,
        container_group_name=spec.name,
        resource_group_name=spec.resource_group,
        location=spec.location,
        os_type=aci.OperatingSystemTypes.LINUX,
        sku=aci.ContainerGroupSku.STANDARD,
        restart_policy=aci.ContainerGroupRestartPolicy.ALWAYS,
        containers=[container],
        identity=aci.ContainerGroupIdentityArgs(
            type=aci.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[spec.identity_id]
        ),
        image_registry_credentials=[
            aci.ImageRegistryCredentialArgs(server=spec.registry_login_server, identity=spec.identity_id)
        ],
        ip_address=aci.IpAddressArgs(
            type=aci.ContainerGroupIpAddressType.PRIVATE,
            ports=[aci.PortArgs(port=spec.port, protocol=aci.ContainerGroupNetworkProtocol.TCP)],
        ),
        subnet_ids=[aci.ContainerGroupSubnetIdArgs(id=spec.subnet_id)],
        tags=dict(spec.tags),
        # Container Instances changes little in place: what is to be otherwise makes the group anew.
        opts=pulumi.ResourceOptions(
            provider=provider,
            delete_before_replace=True,
            # A restarted group may have another address, and a refresh copies that into the inputs.
            ignore_changes=["ipAddress.ip"],
            replace_on_changes=[
                "containers",
                "identity",
                "ipAddress",
                "imageRegistryCredentials",
                "subnetIds",
            ],
            custom_timeouts=pulumi.CustomTimeouts(create="20m", update="20m", delete="20m"),
        ),
    )

    def address(ip: Any) -> str:
        found = f"http://{ip.ip if ip else ''}:{spec.port}"
        if tell:
            tell(found)
        return found

    for name in beside.groups:
        # As the state has it, all of it: Pulumi would remove what no program names.
        pulumi.CustomResource(
            GROUP_TYPE, name, {}, pulumi.ResourceOptions(provider=provider, ignore_changes=["*"])
        )
    found = {"address": group.ip_address.apply(address), "group": group.name, **spec.outputs}
    for name, value in (beside.outputs or found).items():
        pulumi.export(name, value)
    pulumi.export(RAISED, found["address"])


@contextmanager
def own_options() -> Generator[None, None, None]:
    """Take the main stack's options out of the environment; they are restored afterwards."""
    kept = {name: os.environ.pop(name) for name in OTHER_STACK_OPTIONS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextmanager
def own_workspace(environment: str) -> "Generator[LocalWorkspaceOptions, None, None]":
    """Workspace options with a directory that is removed at the end: Pulumi leaves those that it makes."""
    options = workspace_options(environment)
    with own_options(), tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        options.work_dir = scratch
        yield options


def _failure(environment: str, error: Exception, output: list[str]) -> MlopsError:
    from pulumi.automation.errors import ConcurrentUpdateError

    words = output[-OUTPUT_TAIL:] or str(error).splitlines()[-OUTPUT_TAIL:]
    if isinstance(error, ConcurrentUpdateError):
        return MlopsError(
            f"The stack {PROJECT}/{environment} is locked by another update.",
            f"Wait for it, or if it was killed: `pulumi cancel -s organization/{PROJECT}/{environment}`.",
            words,
        )
    if any("InaccessibleImage" in line for line in words):
        return MlopsError(
            f"The container group in {environment} cannot be given its image.",
            f"Is the image gone? `mlops deploy --env {environment} --rebuild`. Else correct what is named.",
            words,
        )
    return MlopsError(
        f"Pulumi could not change the container group in {environment}.",
        "Correct what its words name, then run the command again.",
        words,
    )


class _Listener:
    """Passes Pulumi's lines on and keeps them."""

    # Pulumi means the folder's stack, the estate's. Whoever followed this advice would lose that one.
    ADVICE = ("The resources in the stack have been deleted", "If you want to remove the stack completely")

    def __init__(self, report: Report) -> None:
        self.output: list[str] = []
        self._report = report

    def __call__(self, line: str) -> None:
        if line.strip() and not line.startswith(self.ADVICE):
            self.output.append(line.rstrip())
            self._report.log("pulumi", line.rstrip())


class Raised(NamedTuple):
    """address: http://HOST:PORT of the group. others: names of the groups that stand beside it."""

    address: str
    others: tuple[str, ...]


def up(environment: str, spec: GroupSpec, report: Report, there: Groups) -> Raised:
    """Bring the group to what the spec says, beside those that are there.

    The outputs go on to name what answered before, if anything did: `prune` changes them. A group that Azure
    has and the state does not know is what a deployment left that was killed: Pulumi's provider refuses to
    create what exists already, so it is removed first. Nobody asks it; but where the state itself was lost it
    may be the one that answers, and stage then is without an answer until it is made anew. Raises MlopsError
    with Pulumi's words.
    """
    told: list[str] = []
    with _selected(environment, report) as (stack, hear):
        beside = _beside(stack, spec)
        lost = not beside.known and there.exists(spec.name)
        if lost or beside.pending or not all(map(there.exists, beside.groups.values())):
            # What went together with the estate is forgotten first: it would be made anew, and of nothing.
            # Another deployment that is under way has locked the stack: this ends here, and removes nothing.
            stack.refresh(clear_pending_creates=beside.pending, color="never", suppress_progress=True)
            beside = _beside(stack, spec)
        if lost:
            report.line(f"removing {spec.name}, which a deployment left that was killed")
            there.remove(spec.name)
        stack.up(
            program=lambda: declare(spec, beside, told.append),
            refresh=True,  # ask Azure what is there
            on_output=hear,
            color="never",
            suppress_progress=True,
        )
    return Raised(told[-1], tuple(beside.groups.values()))


def prune(environment: str, spec: GroupSpec, report: Report) -> None:
    """Have the outputs name the group of the spec, and remove all others: `up` has asked Azure what is there.

    Raises MlopsError with Pulumi's words.
    """
    with _selected(environment, report) as (stack, hear):
        stack.up(
            program=lambda: declare(spec),
            on_output=hear,
            color="never",
            suppress_progress=True,
        )


@contextmanager
def _selected(environment: str, report: Report) -> "Generator[tuple[Stack, _Listener], None, None]":
    """The environment's stack, and who hears what Pulumi says. Its failures become MlopsErrors."""
    from pulumi.automation import ProjectSettings
    from pulumi.automation.errors import CommandError

    from ml.deploy.pulumi_stack import stack_of

    hear = _Listener(report)
    project = ProjectSettings(name=PROJECT, runtime="python", main=str(Path.cwd()))
    with own_workspace(environment) as options:
        try:
            yield stack_of(environment, project, options), hear
        except CommandError as error:
            raise _failure(environment, error, hear.output) from error


def _beside(stack: "Stack", spec: GroupSpec) -> Beside:
    """What the stack's state has besides the group of the spec."""
    deployment = stack.export_stack().deployment or {}
    resources: list[dict[str, Any]] = list(deployment.get("resources") or [])
    named = [(str(one["urn"]).rpartition("::")[2], one) for one in resources if one["type"] == GROUP_TYPE]
    groups = {
        name: str((one.get("inputs") or {}).get("containerGroupName") or name)
        for name, one in named
        if name != spec.logical_name
    }
    stated = (one.get("outputs") or {} for one in resources if one["type"] == "pulumi:pulumi:Stack")
    known = any(name == spec.logical_name for name, _ in named)
    return Beside(
        groups, next(stated, {}) if groups else {}, known, bool(deployment.get("pending_operations"))
    )


def down(environment: str, report: Report) -> bool:
    """Remove the group; returns whether there was one. Raises MlopsError with Pulumi's words."""
    from pulumi import automation
    from pulumi.automation.errors import CommandError, StackNotFoundError

    hear = _Listener(report)
    with own_workspace(environment) as options:
        try:
            stack = automation.select_stack(environment, PROJECT, program=lambda: None, opts=options)
            # A group that went together with its resource group is no failure.
            stack.refresh(color="never", suppress_progress=True)
            gone = stack.destroy(on_output=hear, color="never", suppress_progress=True)
        except StackNotFoundError:
            return False
        except CommandError as error:
            raise _failure(environment, error, hear.output) from error
    return bool((gone.summary.resource_changes or {}).get(automation.OpType.DELETE))


def outputs(environment: str) -> dict[str, Any]:
    """The outputs of what is deployed; empty when nothing is. Raises MlopsError with Pulumi's words."""
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        project = Path(scratch)
        (project / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n", encoding="utf-8")
        return stack_outputs(environment, project, OTHER_STACK_OPTIONS) or {}
