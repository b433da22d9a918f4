"""The volumes of a pod, as folders of this machine."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from emulator.home import private, write_aside
from emulator.kubernetes.node.variables import Lookup, Missing, field_of

Json = dict[str, Any]
Token = Callable[[str, int], str]
"""(audience, "" for the API server; seconds) -> a token of the pod's service account. Missing: it is gone"""
LIFETIME_S: Final = 3600
RENEWED: Final = 0.8  # of its life, after which a token is written anew


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that has to be written again before it ends."""

    path: Path
    audience: str
    lifetime_s: int


def fill(pod: Json, folder: Path, lookup: Lookup, token: Token) -> list[TokenFile]:
    """Make each volume, `folder/NAME`. Missing, in the kubelet's words, where one cannot be made."""
    tokens: list[TokenFile] = []
    for volume in pod["spec"].get("volumes") or []:
        at = private(folder / volume["name"])
        at.chmod(0o755)
        try:
            if source := volume.get("projected"):
                for one in source.get("sources") or []:
                    tokens += _project(one, pod, at, lookup, token)
            elif source := volume.get("configMap"):
                _content(at, "ConfigMap", source, lookup)
            elif source := volume.get("secret"):
                _content(at, "Secret", {**source, "name": source.get("secretName")}, lookup)
            elif source := volume.get("downwardAPI"):
                _downward(at, source, pod)
        except Missing as error:
            raise Missing(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}') from error
    return tokens


def _file(at: Path, path: str) -> Path:
    """A file of a volume, its folder made. Missing for a path that leads out of the volume."""
    if ".." in PurePosixPath(path).parts or path.startswith("/"):
        raise Missing(f"invalid path {path!r}: it must be relative and must not contain '..'")
    found = at / path
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


def _project(one: Json, pod: Json, at: Path, lookup: Lookup, token: Token) -> list[TokenFile]:
    if source := one.get("configMap"):
        _content(at, "ConfigMap", source, lookup)
    if source := one.get("secret"):
        _content(at, "Secret", source, lookup)
    if source := one.get("downwardAPI"):
        _downward(at, source, pod)
    if source := one.get("serviceAccountToken"):
        lifetime = int(source.get("expirationSeconds") or LIFETIME_S)
        made = TokenFile(_file(at, source["path"]), str(source.get("audience") or ""), lifetime)
        write_token(made, token)
        return [made]
    return []


def write_token(file: TokenFile, token: Token) -> None:
    """Write a token in the place of the one that is there, as a whole."""
    write_aside(file.path, token(file.audience, file.lifetime_s).encode())


def _content(at: Path, kind: str, source: Json, lookup: Lookup) -> None:
    content = lookup(kind, source["name"])
    if content is None:
        if source.get("optional"):
            return
        raise Missing(f'{kind.lower()} "{source["name"]}" not found')
    items = source.get("items") or [{"key": key, "path": key} for key in content]
    for item in items:
        if item["key"] not in content:
            raise Missing(f"references non-existent {kind.lower()} key: {item['key']}")
        write_aside(_file(at, item["path"]), content[item["key"]].encode("utf-8", "surrogateescape"))


def _downward(at: Path, source: Json, pod: Json) -> None:
    for item in source.get("items") or []:
        write_aside(_file(at, item["path"]), field_of(pod, item["fieldRef"]["fieldPath"]).encode())


def mounts(container: Json, folder: Path) -> dict[str, Path]:
    """Path in the container -> folder or file of the volume that is mounted there."""
    found: dict[str, Path] = {}
    for mount in container.get("volumeMounts") or []:
        volume, part = folder / mount["name"], str(mount.get("subPath") or "")
        found[mount["mountPath"]] = _file(volume, part) if part else volume
    return found


def decoded(secret: Json) -> dict[str, str]:
    """The content of a Secret as text."""
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode("utf-8", "surrogateescape") for key, value in data.items()}
