"""The state and the endpoint in Azure, and the key that signs. Everything signs in by the app's identity."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ml.published import call
from ml.published.reason import WORK, Reason
from ml.trigger.carry import NotTaken, Overtaken
from ml.trigger.configuration import STATE_BLOB, STATE_CONTAINER, Configuration
from ml.trigger.github import ReleaseWorkflow
from ml.trigger.state import Job, Run, State

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient

MANAGEMENT: Final = "https://management.azure.com"
API_VERSION: Final = "2024-10-01"
SECONDS: Final = 60.0  # of a question
CALL_SECONDS: Final = 10.0
"""Of connecting, and again of each answer. The start and its tags are two calls of up to four attempts each,
with pauses between them: together they take less time than a run is claimed for, so that nobody else takes
up a run that is still being called."""
LOG: Final = logging.getLogger("retrain")
PAGES: Final = 5  # of the newest jobs; what ran before them has ended
DATA_INPUT: Final = "data"


class BlobState:
    """The state as a blob, written only where the version that was read still stands."""

    def __init__(self, blob: "BlobClient") -> None:
        self._blob = blob

    def read(self) -> tuple[State, str]:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._blob.download_blob()
        except ResourceNotFoundError:
            return State(), ""
        return State.model_validate_json(stream.readall()), str(stream.properties.etag)

    def write(self, state: State, tag: str) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        how: dict[str, Any] = (
            {"etag": tag, "match_condition": MatchConditions.IfNotModified, "overwrite": True}
            if tag
            else {"overwrite": False}
        )
        try:
            self._blob.upload_blob(state.model_dump_json().encode(), **how)
        except (ResourceModifiedError, ResourceExistsError, ResourceNotFoundError) as error:
            raise Overtaken from error


def state_of(account: str, credential: "TokenCredential") -> BlobState:
    """The state in an account, by its name."""
    from azure.storage.blob import BlobClient

    url = f"https://{account}.blob.core.windows.net"
    limits: dict[str, Any] = {"connection_timeout": 20, "read_timeout": SECONDS}
    return BlobState(BlobClient(url, STATE_CONTAINER, STATE_BLOB, credential=credential, **limits))


class PublishedPipeline:
    """The batch endpoint of the training pipeline, and its runs as the workspace tells them."""

    def __init__(
        self, client: "httpx.Client", credential: "TokenCredential", configuration: Configuration
    ) -> None:
        self._client, self._credential, self._told = client, credential, configuration

    def jobs(self) -> tuple[Job, ...]:
        return tuple(self._jobs())

    def _jobs(self) -> Iterator[Job]:
        url = f"{MANAGEMENT}{self._told.workspace_id}/jobs?api-version={API_VERSION}&jobType=Pipeline"
        for _ in range(PAGES):
            answer = self._client.get(url, headers=self._signed(MANAGEMENT), timeout=SECONDS)
            answer.raise_for_status()
            page = answer.json()
            yield from filter(None, map(job_of, page.get("value", ())))
            url = page.get("nextLink")
            if not url:
                return

    def start(self, run: Run) -> str:
        """The job's name. A second call for the same run finds the job of the first."""
        event = run.event
        reason = Reason(event.started_by, event.words, event.id, run.data)
        inputs: dict[str, call.Value] = {DATA_INPUT: call.File(run.data), **reason.inputs()}
        try:
            job = call.start(
                self._told.endpoint_url,
                self._token(call.AUDIENCE),
                inputs,
                job=run.job,
                timeout_s=CALL_SECONDS,
                client=self._client,
            )
        except call.CallError as error:
            if error.status in REFUSED:
                raise NotTaken(f"{self._told.endpoint_url} answers {error.status}: {error.words}") from error
            raise
        self._tag(job, reason)
        return job

    def _tag(self, job: str, reason: Reason) -> None:
        """What the tags say stands in the run's inputs, too: without them it is only found less easily."""
        url, token = self._told.tracking_url, self._token(call.AUDIENCE)
        try:
            call.tag(url, token, job, reason.tags(), CALL_SECONDS, self._client)
        except call.CallError as error:
            LOG.warning("the run %s has no tags: %s", job, error.words)

    def _signed(self, audience: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(audience)}"}

    def _token(self, audience: str) -> str:
        return self._credential.get_token(f"{audience}/.default").token


REFUSED: Final = frozenset({400, 404, 422})  # not 401 and 403: a role may be on its way


def job_of(found: Mapping[str, Any]) -> Job | None:
    """A job of the workspace, where it is a training: others have no reason, or do scheduled work.

    Scheduled work trains nothing, so an alert that asks for a training need not wait for its end.
    """
    properties: Mapping[str, Any] = found.get("properties") or {}
    given: Mapping[str, Any] = properties.get("inputs") or {}
    inputs = {name: str((one or {}).get("value") or "") for name, one in given.items()}
    tags: Mapping[str, str] = properties.get("tags") or {}
    reason = Reason.of(tags) or Reason.of_inputs(inputs)
    if reason is None or WORK in tags:
        return None
    return Job(
        name=str(found.get("name", "")),
        status=str(properties.get("status", "")),
        event=reason.event,
        started_by=reason.started_by,
    )


def workflow_of(
    client: "httpx.Client", credential: "TokenCredential", configuration: Configuration
) -> ReleaseWorkflow | None:
    """The workflow of releases; None where the settings name no GitHub App."""
    github = configuration.github
    if github is None:
        return None

    def sign(content: bytes) -> bytes:
        from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm

        digest = hashlib.sha256(content).digest()
        return CryptographyClient(github.key, credential).sign(SignatureAlgorithm.rs256, digest).signature

    return ReleaseWorkflow(
        client,
        sign,
        lambda: datetime.now(UTC),
        repository=github.repository,
        app=github.app,
        installation=github.installation,
        ref=github.ref,
    )
