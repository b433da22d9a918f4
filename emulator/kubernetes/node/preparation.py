"""What a container is started with: its tree of files with the volumes, its command and its environment."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from emulator.containers.loopback import ADDRESS, on_loopback
from emulator.images.image import Image, ImageError, locate
from emulator.kubernetes.node.surroundings import Surroundings
from emulator.kubernetes.node.variables import Missing, command

Json = dict[str, Any]


def check_user(spec: Json, image: Image, pod: str) -> None:
    """The kubelet's own look at who the program runs as. Missing: it may not. pod: as messages name it."""
    security = spec.get("securityContext") or {}
    if not security.get("runAsNonRoot") or security.get("runAsUser"):
        return
    user = image.user.partition(":")[0]
    where = f'(pod: "{pod}", container: {spec["name"]})'
    if user in ("", "0", "root"):
        raise Missing(f"container has runAsNonRoot and image will run as root {where}")
    if not user.isdigit():
        raise Missing(
            f"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is "
            f"non-root {where}"
        )


def prepared(
    spec: Json, image: Image, folder: Path, around: Surroundings, port: int | None
) -> tuple[list[str], Path, dict[str, str]]:
    """argv, working directory and environment, in a fresh tree: nothing of an earlier run is left.

    folder: of the container. port: where it has to listen, None where it need not. Missing, ImageError.
    """
    root = image.instance(folder / "root").root
    own = replace(image, root=root)
    variables = dict(around.variables(spec))
    mounts = around.mounts(spec)
    for path, volume in mounts.items():
        mount(root, path, volume)
    words, more = command(spec, variables)
    if not words and more:
        words = list(image.config.entrypoint)
    given = [*words, *more]
    argv, cwd, overlay = own.spawn_spec(given or None)
    if at := spec.get("workingDir"):
        cwd = within(root, str(at))
        cwd.mkdir(parents=True, exist_ok=True)
    env = {**overlay, "HOME": str(root / "root"), "TMPDIR": str(root / "tmp")}
    env |= {"HOSTNAME": around.name, **variables}
    env = {name: _inside(root, mounts, on_loopback(value)) for name, value in env.items()}
    env["HOST"] = ADDRESS
    if port is not None:
        env["PORT"] = str(port)
    return [argv[0], *map(on_loopback, argv[1:])], cwd, env


def within(root: Path, path: str) -> Path:
    """A path of the container in its tree. ImageError for one that leads out of it, by dots or by a link."""
    if not path.strip("/"):
        return root
    at = root / path.lstrip("/")
    parent = at.parent.resolve()
    if ".." in PurePosixPath(path).parts or not parent.is_relative_to(root.resolve()):
        raise ImageError(f'the path "{path}" leads out of the image')
    return at


def mount(root: Path, path: str, folder: Path) -> None:
    """Let a path of the container's tree be a folder, or a file, of a volume."""
    at = within(root, path)
    if at == root:
        raise ImageError("a volume cannot be all of a container's files")
    if at.is_symlink() or at.is_file():
        at.unlink()
    elif at.is_dir():
        shutil.rmtree(at)
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(folder)


def _inside(root: Path, mounts: Mapping[str, Path], value: str) -> str:
    """A value that is a path in a mounted volume, as the path in the tree."""
    if any(value == path or value.startswith(f"{path.rstrip('/')}/") for path in mounts):
        return locate(root, value)
    return value
