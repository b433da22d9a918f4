"""Puts production's parts together for one estate: the world that promoting, going back and status work
in."""

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError
from ml.gateway.breaker import tripping
from ml.gateway.pool import Pool
from ml.production.canary.steps import table
from ml.production.cluster import Cluster
from ml.production.lease import LEASE, PromotersLease
from ml.production.store import STATE, BlobStore
from ml.production.telemetry import Telemetry
from ml.production.world import Approved, Pace, Plan, World

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

    from ml.approval import Approval
    from ml.azure.clients import Azure
    from ml.release import Record


class Clock:
    """The machine's."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Production:
    """One estate's production. root: the checkout."""

    azure: "Azure"
    root: Path

    def world(self) -> World:
        """Raises MlopsError for an estate that lacks a part of production."""
        azure = self.azure
        pool = Pool.of(azure)  # first, as it says which settings are missing
        block_seconds = azure.settings.scoring.metric_seconds
        return World(
            Cluster.of(azure, self.root),
            pool,
            Telemetry.of(azure, block_seconds),
            BlobStore(azure, self._blob(STATE)),
            PromotersLease(azure, self._blob(LEASE)),
            Clock(),
            self.approve,
            self.plan,
            Pace(
                azure.settings.production.poll_seconds,
                azure.settings.scoring.ready_seconds,
                azure.settings.production.settle_seconds,
                azure.settings.production.watch_seconds,
            ),
            table(azure.settings.production.judged_requests()),
        )

    def _blob(self, name: str) -> "BlobClient":
        from ml.release.store import release_account

        account = release_account(self.azure)
        return self.azure.container(account, container(self.azure.estate.environment)).get_blob_client(name)

    def approve(self, release: str) -> Approved:
        """Raises MlopsError for a release that no person approved as it is now."""
        given = self._approval(release)
        who = f"{given.approver_name} ({given.approver})"
        return Approved(who, given.reason, given.path.rpartition("/")[2].removesuffix(".json"))

    def _approval(self, release: str) -> "Approval":
        from ml.approval import approved

        record = self.record(release)
        image = {"image": record.release.image_digest}
        return approved(self.azure, record.release, image, root=self.root)

    def record(self, release: str) -> "Record":
        """The record as it was made where releases are proven. Raises MlopsError."""
        from ml.release import records, store
        from ml.release.proof import PROVEN_IN

        found = store.releases(self.azure, PROVEN_IN).read(records.blob_path(release))
        if found is None:
            raise MlopsError(
                f"There is no record of the release {release}.",
                f"`mlops release list` names them; `mlops deploy --env {PROVEN_IN}` makes one.",
            )
        return records.parsed(found.content, release)

    def plan(self, release: str) -> Plan:
        from ml.deploy import api_key
        from ml.deploy.endpoint import Endpoint
        from ml.gateway import backend_key
        from ml.production import imports, warm
        from ml.production.values import values_of
        from ml.release import proof
        from ml.release.revision import revision_of

        azure, record = self.azure, self.record(release)
        evidence = proof.newest(azure, release)
        measured = evidence.profile if evidence else None
        values = values_of(azure, record.release, measured)
        key = api_key.required(azure)
        backend_key.required(azure)

        def image() -> None:
            source = imports.registry_of(proof.PROVEN_IN, self.root)
            fresh = imports.ensure(azure, source, record.release)
            azure.report.line(f"{record.release.image_digest} {'imported' if fresh else 'is there'}")

        def smoke(address: str) -> None:
            warm.check(Endpoint(f"http://{address}", key), record)

        return Plan(
            release=release,
            revision=revision_of(release),
            values=values,
            image=image,
            smoke=smoke,
            failures=tripping(measured, azure.settings.kubernetes.minimum_replicas),
            metric_seconds=record.release.configuration.metric_seconds,
        )


def container(environment: str) -> str:
    """In the account of releases; infra/bootstrap makes it."""
    return f"production-{environment}"


def who(azure: "Azure") -> str:
    """Who runs this command, as its token says: for records and messages. Rights do not depend on it."""
    token = azure.credential.get_token("https://management.azure.com/.default").token
    claims: dict[str, Any] = {}
    parts = token.split(".")
    if len(parts) == 3:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    names = ("upn", "unique_name", "app_displayname", "appid", "oid")
    return next((str(claims[name]) for name in names if claims.get(name)), "somebody")
