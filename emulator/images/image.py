"""A built image: configuration, content digest, tree; and how a program runs in it."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from emulator.home import write_aside
from emulator.images import tree

PYTHON_BIN = "usr/local/bin"


class ImageError(ValueError):
    """An image that is not there or whose program cannot be found."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a Dockerfile says besides files. ``workdir`` is a path of the image; commands are in exec form."""

    env: dict[str, str] = field(default_factory=dict[str, str])
    workdir: str = "/"
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    user: str = ""
    ports: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, str] = field(
        default_factory=dict[str, str]
    )  # COPY --chown: destination -> user[:group]

    def with_(self, **changes: Any) -> "ImageConfig":
        return replace(self, **changes)

    def json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "ImageConfig":
        fields = dict(value)
        for key in ("entrypoint", "cmd", "ports"):
            fields[key] = tuple(fields[key])
        return ImageConfig(**fields)


@dataclass(frozen=True, slots=True)
class Image:
    """``root`` is the image's tree, shared and never to be written to: run programs in an ``instance``."""

    digest: str
    root: Path
    config: ImageConfig

    @property
    def workdir(self) -> str:
        return self.config.workdir

    @property
    def env(self) -> dict[str, str]:
        return dict(self.config.env)

    @property
    def entrypoint(self) -> list[str]:
        return list(self.config.entrypoint)

    @property
    def cmd(self) -> list[str]:
        return list(self.config.cmd)

    @property
    def user(self) -> str:
        return self.config.user

    @property
    def cwd(self) -> Path:
        return self.root / self.config.workdir.lstrip("/")

    def instance(self, target: Path) -> "Image":
        """The image with a tree of its own at ``target`` (replaced if it exists), as a container has."""
        aside = target.with_name(f".{target.name}.new")
        tree.remove([aside])
        tree.clone(self.root, aside, "packages")
        tree.remove([target])
        aside.rename(target)
        return replace(self, root=target)

    def spawn_spec(
        self, command: list[str] | None = None, shell: str | None = None
    ) -> tuple[list[str], Path, dict[str, str]]:
        """(argv, working directory, environment to lay over the caller's).

        ``command`` replaces ENTRYPOINT and CMD, as on Azure; ``shell`` is a line for /bin/sh. Absolute
        paths of the image in its ENV and in the command become paths in the tree. ImageError: no program.
        """
        overlay = run_environment(self.root, self.config.env)
        if shell is not None:
            argv = ["/bin/sh", "-c", shell]
        else:
            argv = list(command) if command else [*self.config.entrypoint, *self.config.cmd]
        if not argv:
            raise ImageError(f"image {self.digest} has neither CMD nor ENTRYPOINT: give a command")
        argv = [self.locate(word) for word in argv]
        program = shutil.which(argv[0], path=overlay["PATH"])
        if program is None:
            raise ImageError(f'exec: "{argv[0]}": executable file not found in $PATH of image {self.digest}')
        return [program, *argv[1:]], self.cwd, overlay

    def locate(self, value: str) -> str:
        return locate(self.root, value)


def locate(root: Path, value: str) -> str:
    """A value that is an absolute path existing in the tree, as the path in the tree; any other unchanged."""
    if value.startswith("/") and value.strip("/"):
        path = root / value.lstrip("/")
        if ".." not in PurePosixPath(value).parts and os.path.lexists(path):
            return str(path)
    return value


def run_environment(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The variables of an image for a program in its tree: ENV, and a PATH with the tree's folders first."""
    overlay = {key: ":".join(locate(root, part) for part in value.split(":")) for key, value in env.items()}
    inside = [str(root / part.lstrip("/")) for part in env.get("PATH", "").split(":") if part.startswith("/")]
    outside = os.environ.get("PATH", os.defpath).split(os.pathsep)
    overlay["PATH"] = os.pathsep.join(dict.fromkeys([*inside, str(root / PYTHON_BIN), *outside]))
    overlay["PYTHONNOUSERSITE"] = "1"
    return overlay


def save(folder: Path, digest: str, config: ImageConfig, manifest: tree.Manifest) -> None:
    """Write image.json beside the tree."""
    body = {"digest": digest, "config": config.json(), "manifest": tree.to_json(manifest)}
    write_aside(folder / "image.json", json.dumps(body).encode())


def read(folder: Path) -> Image:
    """The image of a folder, without its manifest, whose entries take most of the reading."""
    return _image(folder, _body(folder))


def load(folder: Path) -> tuple[Image, tree.Manifest]:
    body = _body(folder)
    return _image(folder, body), tree.from_json(body["manifest"])


def _body(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "image.json").read_text())


def _image(folder: Path, body: dict[str, Any]) -> Image:
    return Image(body["digest"], folder / "tree", ImageConfig.from_json(body["config"]))
