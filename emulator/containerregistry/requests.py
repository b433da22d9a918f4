"""What a client may ask of scheduleRun: one kind of request, checked before anything is queued."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from emulator.containerregistry.registries import private
from emulator.errors import AzureError, NotEmulated
from emulator.images.references import BadReference, Reference, parse

TIMEOUTS = (300, 28800)  # seconds; Azure's bounds of a run
TEMPLATE = re.compile(r"\{\{\s*\.Run\.(\w+)\s*\}\}")
UPLOADED = re.compile(r"^[\w.-]+(/[\w.-]+)*$")


@dataclass(frozen=True, slots=True)
class DockerBuild:
    """A checked DockerBuildRequest. ``source`` is a path that listBuildSourceUploadUrl gave out."""

    source: str
    dockerfile: str
    images: tuple[str, ...]
    push: bool
    no_cache: bool
    target: str
    timeout_s: int
    pool: str
    archive: bool
    platform: dict[str, str]
    arguments: dict[str, str] = field(default_factory=dict[str, str])

    def references(self, server: str, values: dict[str, str]) -> list[Reference]:
        """The names to push, with ``{{.Run.ID}}`` and the like put in. BadReference."""
        references: list[Reference] = []
        for name in self.images:
            filled = TEMPLATE.sub(lambda match: values[match[1]], name)
            references.append(parse(f"{server}/{filled.removeprefix(f'{server}/')}"))
        return references


def read(body: dict[str, Any], registry: dict[str, Any], pools: set[str]) -> DockerBuild:
    """The build that a request body asks for. AzureError, or NotEmulated for other kinds of runs."""
    kind = str(body.get("type", ""))
    if kind != "DockerBuildRequest":
        raise NotEmulated(
            f"scheduleRun with a {kind or 'request without type'}: only DockerBuildRequest is known"
        )
    for name, value in (
        ("logTemplate", body.get("logTemplate")),
        ("credentials.customRegistries", (body.get("credentials") or {}).get("customRegistries")),
        ("agentConfiguration", body.get("agentConfiguration") and body.get("agentPoolName")),
    ):
        if value:
            raise NotEmulated(f"scheduleRun of a DockerBuildRequest with {name}")
    build = DockerBuild(
        source=_source(body),
        dockerfile=str(body.get("dockerFilePath") or "Dockerfile"),
        images=tuple(map(str, body.get("imageNames") or ())),
        push=body.get("isPushEnabled", True) is not False,
        no_cache=bool(body.get("noCache")),
        target=str(body.get("target") or ""),
        timeout_s=_timeout(body),
        pool=str(body.get("agentPoolName") or ""),
        archive=bool(body.get("isArchiveEnabled")),
        platform=_platform(body),
        arguments={str(a["name"]): str(a.get("value", "")) for a in body.get("arguments") or ()},
    )
    _check_names(build, registry["properties"]["loginServer"])
    _check_network(build, registry, pools)
    return build


def _source(body: dict[str, Any]) -> str:
    source = str(body.get("sourceLocation") or "")
    if not source:
        raise _invalid("sourceLocation is missing: upload a tar.gz to the URL of listBuildSourceUploadUrl")
    if "://" in source or source.endswith(".git"):
        raise NotEmulated("scheduleRun with a sourceLocation other than an uploaded archive")
    if not UPLOADED.match(source) or ".." in source:
        raise _invalid(f"sourceLocation '{source}' is not a path given by listBuildSourceUploadUrl")
    return source


def _timeout(body: dict[str, Any]) -> int:
    timeout = body.get("timeout")
    if timeout is None:
        return 3600
    if not isinstance(timeout, int) or not TIMEOUTS[0] <= timeout <= TIMEOUTS[1]:
        raise _invalid(f"timeout is {timeout}; it must be {TIMEOUTS[0]} to {TIMEOUTS[1]} seconds")
    return timeout


def _platform(body: dict[str, Any]) -> dict[str, str]:
    platform = body.get("platform") or {}
    system = str(platform.get("os") or "")
    if system.lower() != "linux":
        raise _invalid(f"platform.os is '{system}'; images are built for Linux")
    architecture = str(platform.get("architecture") or "amd64")
    if architecture != "amd64":
        raise NotEmulated(f"scheduleRun for the architecture {architecture}")
    return {"os": "linux", "architecture": architecture}


def _check_names(build: DockerBuild, server: str) -> None:
    values = dict.fromkeys(("ID", "Date", "Registry", "RegistryName", "SharedVolume"), "x")
    if build.push and not build.images:
        raise _invalid("isPushEnabled is true and imageNames is empty: name an image, or switch the push off")
    try:
        build.references(server, {name: values[name] for name in ("ID", "Date", "Registry")})
    except BadReference as error:
        raise _invalid(str(error)) from error
    except KeyError as error:
        raise NotEmulated(f"scheduleRun with an image name that uses .Run.{error.args[0]}") from error


def _check_network(build: DockerBuild, registry: dict[str, Any], pools: set[str]) -> None:
    if build.pool:
        if build.pool.lower() not in pools:
            raise AzureError(
                404,
                "AgentPoolNotFound",
                f"Registry '{registry['name']}' has no agent pool '{build.pool}'.",
            )
        return
    properties = registry["properties"]
    closed = private(properties)
    trusted = (
        properties.get("networkRuleBypassOptions") == "AzureServices"
        and properties.get("networkRuleBypassAllowedForTasks") is True
    )
    if closed and not trusted:
        raise AzureError(
            403,
            "Forbidden",
            f"Registry '{registry['name']}' denies the run: {closed}, and without agentPoolName it comes from"
            " outside of the registry's network. Use an agent pool in the network (agentPoolName), or set"
            " networkRuleBypassAllowedForTasks.",
        )


def _invalid(message: str) -> AzureError:
    return AzureError(400, "InvalidRunRequest", f"{message}.")
