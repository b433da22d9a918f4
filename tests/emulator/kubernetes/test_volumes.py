"""Volumes of pods as folders: what is in them, and that nothing leads out of them or of an image."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from emulator.images.image import ImageError
from emulator.kubernetes.node.preparation import mount, within
from emulator.kubernetes.node.variables import Missing
from emulator.kubernetes.node.volumes import decoded, fill, mounts, write_token

Json = dict[str, Any]
CONTENT = {("ConfigMap", "settings"): {"level": "warn", "rows": "10"}, ("Secret", "key"): {"key": "s3"}}


def lookup(kind: str, name: str) -> dict[str, str] | None:
    return CONTENT.get((kind, name))


def token(audience: str, seconds: int) -> str:
    return f"token for {audience} of {seconds} s"


def pod(*volumes: Json) -> Json:
    meta = {"name": "p", "namespace": "n", "uid": "u", "labels": {"app": "d"}}
    return {"metadata": meta, "spec": {"volumes": list(volumes), "containers": []}}


def test_volumes_have_what_they_name(tmp_path: Path) -> None:
    items = [{"path": "labels/app", "fieldRef": {"fieldPath": "metadata.labels['app']"}}]
    sources = [
        {
            "serviceAccountToken": {
                "audience": "api://AzureADTokenExchange",
                "path": "token",
                "expirationSeconds": 600,
            }
        },
        {"secret": {"name": "key"}},
    ]
    tokens = fill(
        pod(
            {"name": "scratch", "emptyDir": {}},
            {
                "name": "settings",
                "configMap": {"name": "settings", "items": [{"key": "level", "path": "a/level"}]},
            },
            {"name": "secret", "secret": {"secretName": "key"}},
            {"name": "about", "downwardAPI": {"items": items}},
            {"name": "none", "configMap": {"name": "none", "optional": True}},
            {"name": "all", "projected": {"sources": sources}},
        ),
        tmp_path,
        lookup,
        token,
    )
    found = {str(f.relative_to(tmp_path)): f.read_text() for f in tmp_path.rglob("*") if f.is_file()}
    assert found == {
        "settings/a/level": "warn",
        "secret/key": "s3",
        "about/labels/app": "d",
        "all/token": "token for api://AzureADTokenExchange of 600 s",
        "all/key": "s3",
    }
    assert (tmp_path / "scratch").is_dir()
    (one,) = tokens
    write_token(one, lambda audience, _: f"newer for {audience}")
    assert (tmp_path / "all/token").read_text() == "newer for api://AzureADTokenExchange"


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        ({"configMap": {"name": "none"}}, 'for volume "v" : configmap "none" not found'),
        (
            {"secret": {"secretName": "key", "items": [{"key": "x", "path": "x"}]}},
            "non-existent secret key: x",
        ),
        (
            {"configMap": {"name": "settings", "items": [{"key": "level", "path": "../x"}]}},
            "must be relative",
        ),
        ({"configMap": {"name": "settings", "items": [{"key": "level", "path": "/x"}]}}, "must be relative"),
    ],
)
def test_what_is_missing_or_leads_out_is_told(tmp_path: Path, volume: Json, words: str) -> None:
    with pytest.raises(Missing, match=words):
        fill(pod({"name": "v", **volume}), tmp_path / "volumes", lookup, token)
    assert not (tmp_path / "x").exists() and not (tmp_path / "volumes/x").exists()


def test_a_path_of_the_container_is_the_volumes(tmp_path: Path) -> None:
    root, volume = tmp_path / "root", tmp_path / "volume"
    (root / "tmp").mkdir(parents=True)
    (root / "tmp/of-the-image").touch()
    volume.mkdir()
    mount(root, "/tmp", volume)
    mount(root, "/var/run/secrets/token", volume)
    (root / "tmp/new").touch()
    assert [one.name for one in volume.iterdir()] == ["new"]
    container = {
        "volumeMounts": [{"name": "a", "mountPath": "/tmp"}, {"name": "b", "mountPath": "/b", "subPath": "c"}]
    }
    assert mounts(container, tmp_path) == {"/tmp": tmp_path / "a", "/b": tmp_path / "b/c"}
    with pytest.raises(Missing, match="must be relative"):
        mounts({"volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "../b"}]}, tmp_path)


def test_no_path_leads_out_of_an_image(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    (outside / "data").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    for path in ("/../outside/data", "/link/data"):
        with pytest.raises(ImageError, match="leads out of the image"):
            mount(root, path, tmp_path)
        with pytest.raises(ImageError, match="leads out of the image"):
            within(root, path)
    assert (outside / "data").is_dir() and within(root, "/") == root
    with pytest.raises(ImageError, match="cannot be all"):
        mount(root, "/", tmp_path)


def test_a_secret_is_bytes() -> None:
    data = base64.b64encode(b"\xff\x00").decode()
    assert decoded({"data": {"k": data}})["k"].encode("utf-8", "surrogateescape") == b"\xff\x00"
