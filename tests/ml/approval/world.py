"""A store of releases and approvals, an approvers' key, people: everything that an approval touches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azure.keyvault.keys import KeyClient
from azure.storage.blob import ContainerClient

from emulator.app import Emulator
from emulator.identity.directory import APPROVERS, ENGINEERS, SIGNED_IN, TENANT_ID, USERS, Principal
from emulator.identity.users import COMMAND_LINE, claims
from infra.outputs import EstateOutputs
from ml.azure.clients import Azure
from ml.content import content_key
from ml.release import Configuration, Evidence, Record, Release, blob_path
from ml.release.evidence import Check, StageEvidence, evidence_path
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.ml.cli.mlops_fakes import RecordingReport

APPROVER, SECOND, ENGINEER, BOTH = USERS
ACCOUNT, VAULT = "approvals", "kv-boot"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
VAULT_READER = "21090545-7ca7-4776-b22c-e363652d74d2"
DIGEST = "sha256:" + "a" * 64
SETTINGS = "config:\n  mlops-estate:environment: prod\n  mlops-estate:project: mlops # a comment\n"


class Credentials(Credential):
    """Tokens of one principal: of a person as a person's."""

    def __init__(self, emulator: Emulator, principal: Principal) -> None:
        super().__init__(emulator, principal)
        self.emulator, self.principal = emulator, principal

    def get_token(self, *scopes: str, **more: Any) -> Any:
        from azure.core.credentials import AccessToken

        if self.principal.kind != "User":
            return super().get_token(*scopes, **more)
        issued = self.emulator.identity.tokens.issue(
            self.principal, scopes[0], more=claims(self.principal), client_id=COMMAND_LINE
        )
        return AccessToken(*issued)


class As(Azure):
    """The clients of production's estate, signed in as somebody."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any], who: Principal) -> None:
        super().__init__(EstateOutputs(**outputs), RecordingReport())
        object.__setattr__(self, "emulator", emulator)
        object.__setattr__(self, "who", who)

    @property
    def credential(self) -> Any:  # type: ignore[override]
        return Credentials(self.emulator, self.who)  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def limits(self) -> dict[str, Any]:
        return {"transport": transport(self.emulator), "retry_total": 0}  # pyright: ignore[reportAttributeAccessIssue]


def made(**changes: Any) -> Release:
    fields: dict[str, Any] = {
        "model_name": "credit",
        "model_version": "1",
        "image_repository": "scoring",
        "image_digest": DIGEST,
        "configuration": Configuration(cpu=1.0, memory_gb=1.5, port=8080),
    }
    return Release(**{**fields, **changes})


def record(release: Release) -> Record:
    evidence = Evidence(
        recorded_at="2026-01-01T00:00:00+00:00",
        environment="stage",
        context_sha256="c",
        artifact_digest="b" * 64,
        features=("age",),
        lineage={
            "data_sha256": "d" * 64,
            "pipeline_job": "train-1",
            "code_commit": "abc",
            "started_by": "data",
            "event": "e-1",
            "reason": "a new file",
        },
        smoke_tests=("health",),
    )
    return Record(release=release, evidence=evidence)


def found_out(release: Release, *, passed: bool = True, made_at: str = "1") -> StageEvidence:
    reason = "equal" if passed else "3 of 20 predictions differ"
    check = Check(name="parity", passed=passed, figures={"rows": 20}, reason=reason)
    return StageEvidence(
        release_id=release.id, environment="stage", made_at=made_at, checks=(check,), profile=None
    )


class World:
    """The emulator with the bootstrap's parts, and production's stack file in a checkout."""

    def __init__(self, folder: Path, outputs: dict[str, Any]) -> None:
        self.emulator = estate.start(folder)
        self.root = folder / "checkout"
        self.root.mkdir()
        (self.root / "Pulumi.prod.yaml").write_text(SETTINGS)
        self.outputs = {
            **outputs,
            "environment": "prod",
            "release_account": ACCOUNT,
            "release_vault": VAULT,
        }
        self.account = estate.account(self.emulator, ACCOUNT, isHnsEnabled=True)
        for kind, environment in (("approvals", "prod"), ("releases", "stage")):
            container = self.container_id(f"{kind}-{environment}")
            self.emulator.arm.put(container, {})
            policy = {"properties": {"immutabilityPeriodSinceCreationInDays": 7}}
            self.emulator.arm.put(f"{container}/immutabilityPolicies/default", policy)
        vault = {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        held = estate.resource(self.emulator, f"Microsoft.KeyVault/vaults/{VAULT}", vault)
        self.key = f"{held['id']}/keys/approvals-prod"
        shape = {"kty": "EC", "curveName": "P-256", "keyOps": ["sign", "verify"]}
        self.emulator.arm.put(self.key, {"properties": shape})
        for group, role, scope in (
            (APPROVERS, estate.CONTRIBUTOR, self.container_id("approvals-prod")),
            (APPROVERS, estate.READER, self.container_id("releases-stage")),
            (APPROVERS, CRYPTO_USER, self.key),
            (ENGINEERS, estate.CONTRIBUTOR, self.container_id("releases-stage")),
            (ENGINEERS, estate.READER, self.container_id("approvals-prod")),
            (ENGINEERS, VAULT_READER, self.key),
        ):
            estate.grant(self.emulator, group, role, scope)

    def close(self) -> None:
        self.emulator.close()

    def container_id(self, name: str) -> str:
        return f"{self.account}/blobServices/default/containers/{name}"

    def azure(self, who: Principal) -> As:
        return As(self.emulator, self.outputs, who)

    def container(self, name: str, who: Principal) -> ContainerClient:
        return self.azure(who).container(ACCOUNT, name)

    def keys(self, who: Principal) -> KeyClient:
        azure = self.azure(who)
        return KeyClient(f"https://{VAULT}.vault.azure.net", azure.credential, **azure.limits)

    def release(self, who: Principal = SIGNED_IN, *, green: bool | None = True, **changes: Any) -> Release:
        """A release recorded by somebody, with evidence that is green, or red, or (None) without any."""
        release = made(**changes)
        records = self.container("releases-stage", who)
        records.upload_blob(blob_path(release.id), record(release).model_dump_json().encode())
        if green is not None:
            self.prove(release, passed=green)
        return release

    def prove(self, release: Release, *, passed: bool = True, made_at: str = "1") -> StageEvidence:
        evidence = found_out(release, passed=passed, made_at=made_at)
        path = evidence_path(release.id, evidence.digest)
        self.container("releases-stage", SIGNED_IN).upload_blob(path, evidence.model_dump_json().encode())
        return evidence

    def records(self) -> dict[str, bytes]:
        """Every approval that stands, by path."""
        client = self.container("approvals-prod", SIGNED_IN)
        return {
            str(blob.name): client.download_blob(str(blob.name)).readall()
            for blob in client.list_blobs()
            if str(blob.name).endswith(".json")
        }

    def everything(self) -> str:
        """One digest of all that is kept: what is refused leaves it as it is."""
        blobs = self.emulator.blobs
        found = {
            container: [(one.name, one.etag) for one in blobs.list(ACCOUNT, container)]
            for container in ("approvals-prod", "releases-stage")
        }
        return content_key(found)
