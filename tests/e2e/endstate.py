"""What a stopped home holds: its estate in a form that two runs share, and what is broken in it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# each attempt has its own: jobs, builds, and the containers that code is uploaded to
PER_ATTEMPT: Final = re.compile(
    r"/workspaces/[^/]+/jobs/|/registries/[^/]+/runs/|/containers/[0-9a-f]{8}-\*$", re.IGNORECASE
)
ENDED: Final = ("Completed", "Succeeded", "Failed", "Canceled", "Error", "Timeout")
# written aside and never renamed
LEFTOVER: Final = re.compile(r".*\.(new|tmp|part)|\..+\.\d+\.[0-9a-f]{8}|\.[0-9a-f]{32}|fileblob\d+")
PACKAGES: Final = ("images", "containers")  # their trees are other people's files


@dataclass(frozen=True)
class EndState:
    """``resources``: how often each type and id without GUIDs; ``urns``: of every stack; ``models``: the tags
    of each version; ``blobs``: data sets and releases; ``images``: names and digests in the registries."""

    resources: Counter[str]
    urns: Counter[str]
    models: dict[str, list[str]]
    blobs: list[str]
    images: list[str]

    def differences(self, other: EndState) -> list[str]:
        """What ``other`` has more (+) or less (-)."""
        lines: list[str] = []
        for name in ("resources", "urns"):
            mine, others = getattr(self, name), getattr(other, name)
            lines += [f"+ {name}: {one} x{count}" for one, count in (others - mine).items()]
            lines += [f"- {name}: {one} x{count}" for one, count in (mine - others).items()]
        for name in ("models", "blobs", "images"):
            if getattr(self, name) != getattr(other, name):
                lines.append(f"{name}: {getattr(self, name)} became {getattr(other, name)}")
        return lines


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def stacks(home: Path) -> dict[str, dict[str, Any]]:
    """The latest deployment of each stack, by project/stack."""
    folder = home / "pulumi" / "state" / ".pulumi" / "stacks"
    found = {path: json.loads(path.read_text()) for path in folder.glob("*/*.json")}
    return {
        f"{path.parent.name}/{path.stem}": value["checkpoint"].get("latest") or {}
        for path, value in found.items()
    }


def read(home: Path) -> EndState:
    resources = rows(home / "emulator.db", "SELECT type, id, body FROM resource")
    known = (f"{kind} {GUID.sub('*', name.lower())}" for kind, name, _ in resources)
    documents = rows(home / "emulator.db", "SELECT key FROM document WHERE kind = 'image' ORDER BY key")
    blobs = rows(home / "blobs" / "index.db", "SELECT name FROM blob WHERE container = 'data' ORDER BY name")
    return EndState(
        resources=Counter(one for one in known if not PER_ATTEMPT.search(one)),
        urns=Counter(
            f"{stack} {resource['urn']}"
            for stack, latest in stacks(home).items()
            for resource in latest.get("resources", [])
        ),
        models={
            name.rsplit("/workspaces/")[-1]: sorted(json.loads(body)["properties"].get("tags") or {})
            for kind, name, body in resources
            if kind.endswith("/models/versions")
        },
        blobs=[name for (name,) in blobs if name.startswith(("datasets/", "releases/"))],
        images=[key for (key,) in documents],
    )


def faults(home: Path) -> list[str]:
    """Everything in a stopped home that a crash has spoilt; empty when nothing is."""
    return [*_databases(home), *_files(home), *_unfinished(home), *_deployments(home)]


def _databases(home: Path) -> list[str]:
    found: list[str] = []
    for path in (home / "emulator.db", home / "telemetry.db", home / "blobs" / "index.db"):
        answer = rows(path, "PRAGMA integrity_check")
        if answer != [("ok",)]:
            found.append(f"{path}: {answer}")
    contents = rows(home / "blobs" / "index.db", "SELECT content, size FROM blob")
    for content, size in contents:
        file = home / "blobs" / "content" / content[:2] / content
        if not file.is_file() or file.stat().st_size != size:
            found.append(f"blob content {content} of {size} bytes is not whole")
    return found


def _files(home: Path) -> list[str]:
    found: list[str] = []
    for path in home.rglob("*"):
        inside = path.relative_to(home).parts
        if inside[0] in PACKAGES and (len(inside) > 2 or path.is_file()):
            continue
        if LEFTOVER.fullmatch(path.name):
            found.append(f"{path} was left")
        if path.suffix == ".json" and path.is_file():
            found += _parsed(path)
    found += [f"{path} was left" for name in ("builds", "blobs/incoming") for path in (home / name).glob("*")]
    return found


def _parsed(path: Path) -> list[str]:
    try:
        json.loads(path.read_text())
    except ValueError as error:
        return [f"{path}: {error}"]
    return []


def _unfinished(home: Path) -> list[str]:
    found: list[str] = []
    jobs = rows(home / "emulator.db", "SELECT key, value FROM document WHERE kind = 'ml-run'")
    for key, value in jobs:
        if (status := json.loads(value)["status"]) not in ENDED:
            found.append(f"job {key} is {status}")
    for name, body in rows(home / "emulator.db", "SELECT id, body FROM resource"):
        if "/runs/" in name and (status := json.loads(body)["properties"].get("status")) not in ENDED:
            found.append(f"build {name} is {status}")
    return found


def _deployments(home: Path) -> list[str]:
    found: list[str] = []
    exist = {name.lower() for (name,) in rows(home / "emulator.db", "SELECT id FROM resource")}
    for stack, latest in stacks(home).items():
        found += [
            f"{stack}: {one['type']} of {one['resource']['urn']} is pending"
            for one in latest.get("pending_operations") or []
        ]
        for resource in latest.get("resources", []):
            if resource["type"].startswith("azure-native:") and resource["id"].lower() not in exist:
                found.append(f"{stack}: {resource['urn']} is {resource['id']}, which does not exist")
    return found
