"""Container images built by the registry itself: the context goes up, the build runs beside the registry.

This is the route that also works when the registry has no public access: scheduling is a call to Azure
Resource Manager, the context goes to the upload URL that it names, and the build runs in the registry's agent
pool inside the virtual network.
"""

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.azure.clients import Azure
from ml.azure.pauses import pauses
from ml.azure.remote_log import RemoteLog
from ml.azure.rest import MANAGEMENT, Rest
from ml.azure.words import word
from ml.content import Files, content_key, tar_gz
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.mgmt.containerregistry.v2019_06_01_preview.models import Run

KEY_LENGTH = 8
UNFINISHED = frozenset({"Queued", "Started", "Running"})
LOG_TAIL = 25
REGISTRY_API = "2023-07-01"
REFERENCE = re.compile(r"([^/@]+)/([^@]+)@(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the estate's registry, known by its content's digest (`sha256:...`)."""

    login_server: str
    repository: str
    digest: str

    @property
    def reference(self) -> str:
        return f"{self.login_server}/{self.repository}@{self.digest}"

    @staticmethod
    def of(reference: str) -> "Image | None":
        """The image of SERVER/REPOSITORY@DIGEST; None for a reference of another form."""
        found = REFERENCE.fullmatch(reference)
        return Image(*found.groups()) if found else None


def registry_key(azure: Azure) -> str:
    """A key of this very registry and its base image: one that is made later under the same name has another.

    What was built is remembered under it, because images go when their registry goes. Which images a registry
    holds it says itself (`ml.azure.registry`), but not to everybody who may read it. Raises MlopsError.
    """
    estate = azure.estate
    registry = (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
        f"/providers/Microsoft.ContainerRegistry/registries/{estate.registry}"
    )
    management = Rest(azure, MANAGEMENT)
    found = azure.granted(
        lambda: management.get(registry, **{"api-version": REGISTRY_API}), "read the registry"
    )
    base = [estate.base_image] if estate.base_image else []
    return content_key([registry, found["properties"]["creationDate"], *base])[:KEY_LENGTH]


def _finished_run(azure: Azure, run_id: str) -> "tuple[Run, list[str]]":
    """Follow a run to its end. Its log goes to the report as it grows, and is returned as a whole."""
    estate, runs = azure.estate, azure.registry.runs
    deadline = time.monotonic() + azure.settings.build.time_limit_minutes * 60
    link = runs.get_log_sas_url(estate.resource_group, estate.registry, run_id).log_link
    log = RemoteLog(azure)
    lines: list[str] = []
    waits = pauses(azure.settings.azure.poll_seconds)
    while True:
        run = runs.get(estate.resource_group, estate.registry, run_id)
        finished = word(run.status) not in UNFINISHED
        for line in log.new_lines(str(link), final=finished) if link else []:
            lines.append(line)
            azure.report.log("build", line)
        if finished:
            return run, lines
        if time.monotonic() > deadline:
            runs.begin_cancel(estate.resource_group, estate.registry, run_id)
            raise MlopsError(
                f"The image build {run_id} did not end in {azure.settings.build.time_limit_minutes} minutes.",
                "It was cancelled. Raise [build] time_limit_minutes, or look at the agent pool's size.",
                lines[-LOG_TAIL:],
            )
        time.sleep(next(waits))


def _digest(run: "Run", repository: str, tag: str) -> str | None:
    images = run.output_images or []
    return next((i.digest for i in images if i.repository == repository and i.tag == tag and i.digest), None)


def build(azure: Azure, repository: str, tag: str, context: Files) -> Image:
    """Build `repository:tag` from a context whose Dockerfile is at its top, and push it.

    Raises MlopsError when the estate has no machine for it, or with the end of the log when the build fails.
    """
    from azure.mgmt.containerregistry.v2019_06_01_preview.models import (
        Argument,
        DockerBuildRequest,
        PlatformProperties,
    )

    estate, settings = azure.estate, azure.settings
    if estate.build_agent_pool is None:  # Azure would refuse the push only
        raise MlopsError(
            f"{repository}:{tag} cannot be built: the registry {estate.registry} has no build agents, and "
            "its firewall keeps shared build machines out.",
            f"Set registry.buildAgents in Pulumi.{estate.environment}.yaml, "
            f"then `pulumi up -s {estate.environment}`.",
        )
    archive = tar_gz(context)
    source = azure.granted(
        lambda: azure.registry.registries.get_build_source_upload_url(estate.resource_group, estate.registry),
        "upload a build context to the registry",
    )
    with azure.report.transfer(
        f"uploading the build context of {repository}:{tag}", len(archive)
    ) as progress:
        azure.at_url(str(source.upload_url)).upload_blob(
            archive, overwrite=True, progress_hook=lambda done, total: progress(done)
        )
    request = DockerBuildRequest(
        docker_file_path="Dockerfile",
        platform=PlatformProperties(os=settings.build.platform.capitalize(), architecture="amd64"),
        image_names=[f"{repository}:{tag}"],
        # The Dockerfile's own default is a public image by tag.
        arguments=[Argument(name="BASE_IMAGE", value=estate.base_image)] if estate.base_image else None,
        is_push_enabled=True,
        source_location=source.relative_path,
        agent_pool_name=estate.build_agent_pool,
        timeout=settings.build.time_limit_minutes * 60,
    )
    scheduled = azure.granted(
        lambda: azure.registry.registries.begin_schedule_run(
            estate.resource_group, estate.registry, request, polling_interval=settings.azure.poll_seconds
        ),
        "schedule a build in the registry",
    ).result()
    run, lines = _finished_run(azure, str(scheduled.run_id))
    if word(run.status) != "Succeeded":
        raise MlopsError(
            f"The build of the image {repository}:{tag} ended as {word(run.status)} (run {scheduled.run_id})"
            f"{': ' + run.run_error_message if run.run_error_message else ''}.",
            "Correct what the end of its log names.",
            lines[-LOG_TAIL:],
        )
    digest = _digest(run, repository, tag)
    if digest is None:
        raise MlopsError(
            f"The build run {scheduled.run_id} succeeded but names no digest for {repository}:{tag}.",
            "Run the command again; if it stays so, look at the run in the registry.",
            lines[-LOG_TAIL:],
        )
    azure.report.line(f"{repository}:{tag} is {digest}")
    return Image(estate.registry_login_server, repository, digest)
