"""The images of the emulated registries: which name stands for which content, and where the content lies."""

import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from emulator.home import Home
from emulator.images import base, image, tree
from emulator.images.builder import Builder, BuildRequest, Built
from emulator.images.image import Image, ImageConfig, ImageError
from emulator.images.layers import Layer, LayerCache
from emulator.images.references import BadReference, Reference, parse
from emulator.images.stage import carry_out
from emulator.processes import Processes

Write = Callable[[Path], None]
EMULATED = ".azurecr.io"
KIND = "image"  # the documents: reference -> {digest, created}


class Documents(Protocol):
    """The part of the emulator's store that is used here."""

    def document(self, kind: str, key: str) -> Any | None: ...
    def put_document(self, kind: str, key: str, value: Any, secret: bool = False) -> None: ...
    def delete_document(self, kind: str, key: str) -> None: ...
    def documents(self, kind: str, prefix: str = "") -> dict[str, Any]: ...


class Images:
    """Contents lie in HOME/images/HEX/{tree, image.json}, once each, shared by all names."""

    def __init__(
        self, home: Home, documents: Documents, processes: Processes, cache: LayerCache | None = None
    ) -> None:
        self.root = home.images
        self.documents = documents
        self.cache = cache or LayerCache()
        self.builder = Builder(self.cache, processes, self, carry_out)
        self._known: dict[str, Image] = {}  # by digest: what one stands for never changes
        # What an image of a registry is a copy of, by a rule of that registry's.
        self.original: Callable[[Reference], Reference | None] = lambda _: None

    def resolve(self, reference: str) -> Image:
        """The image of ``registry/repository:tag`` or ``@digest``. ImageError when there is none."""
        return self._image(self.digest(parse(reference)))

    def _image(self, digest: str) -> Image:
        """Read once: a file of some megabytes, which each step of a job would wait for."""
        if digest not in self._known:
            self._known[digest] = image.read(self._folder(digest))
        return self._known[digest]

    def digest(self, reference: Reference) -> str:
        """The digest that a reference stands for. ImageError when its registry does not have it."""
        key = _key(reference, reference.digest or reference.tag)
        found = self.documents.document(KIND, key)
        if found is None:
            raise ImageError(f"manifest for {reference} not found: manifest unknown")
        digest = str(found["digest"])
        if not (self._folder(digest) / "image.json").is_file():
            raise ImageError(
                f"the content of {reference} ({digest}) is gone from {self.root}: build it again"
            )
        return digest

    def build(self, request: BuildRequest) -> Built:
        """Build a context (nothing is named yet); errors as ``Builder.build``."""
        return self.builder.build(request)

    def keep(self, built: Built) -> Image:
        """Write a build's content out, unless it is there already."""
        self._write(built.digest, built.config, built.manifest, built.write)
        return self._image(built.digest)

    def name(self, reference: Reference, digest: str) -> None:
        """Let a tag (and the digest) of a repository stand for a content, as a push does."""
        value = {"digest": digest, "created": datetime.now(UTC).isoformat()}
        for version in filter(None, (digest, reference.tag)):
            self.documents.put_document(KIND, _key(reference, version), value)

    def names(self, registry: str, repository: str = "") -> dict[str, str]:
        """Reference -> digest of what a registry (or one of its repositories) holds."""
        prefix = f"{registry}/{repository}" if repository else f"{registry}/"
        found = self.documents.documents(KIND, prefix.lower())
        return {key: str(value["digest"]) for key, value in found.items()}

    def untag(self, reference: Reference) -> None:
        """Remove a tag; what it stands for stays under its digest."""
        self.documents.delete_document(KIND, _key(reference, reference.tag))

    def delete(self, reference: Reference, digest: str) -> None:
        """Remove a content from a repository, with all its tags there."""
        for mark in "@:":
            prefix = f"{reference.repository}{mark}"
            self._forget(key for key, of in self.names(reference.registry, prefix).items() if of == digest)

    def forget(self, registry: str) -> None:
        """Remove a registry's names, and the contents that no name stands for any more."""
        self._forget(self.names(registry))

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.documents.delete_document(KIND, key)
        kept = {str(value["digest"]) for value in self.documents.documents(KIND).values()}
        for folder in self.root.glob("[0-9a-f]*"):
            if f"sha256:{folder.name}" not in kept:
                tree.remove([folder])

    def public_python(self, reference: Reference, outside: Mapping[str, str]) -> Image:
        """The image that a public Python base stands for, to be imported. BadReference for any other."""
        base.check(reference)
        layer, config = self.python_layer(outside)
        digest = tree.digest(layer.manifest, config.json())

        def write(root: Path) -> None:
            tree.clone(layer.root, root, "all")

        self._write(digest, config, layer.manifest, write)
        return self._image(digest)

    def python_layer(self, outside: Mapping[str, str]) -> tuple[Layer, ImageConfig]:
        """The layer of this machine's Python, made at its first use."""

        def fill(root: Path) -> tree.Manifest:
            root.mkdir()
            base.make(root, outside)
            return tree.scan(root)

        return self.cache.make(base.key(outside), fill), base.config()

    def layer(self, reference: Reference, outside: Mapping[str, str]) -> tuple[Layer, ImageConfig]:
        """What FROM starts with: an image of an emulated registry, or this machine's Python."""
        if not reference.registry.endswith(EMULATED):
            base.check(reference)
            return self.python_layer(outside)
        try:
            found, manifest = image.load(self._folder(self.digest(reference)))
        except ImageError as error:
            if original := self.original(reference):
                return self.layer(original, outside)
            raise BadReference(str(error)) from error
        return Layer(found.digest, found.root, manifest), found.config

    def unfinished(self) -> list[Path]:
        """What a killed process has left half written. Only before the first build."""
        return [path for path in self.root.glob(".*") if len(path.name) == 33]

    def _folder(self, digest: str) -> Path:
        return self.root / digest.removeprefix("sha256:")

    def _write(self, digest: str, config: ImageConfig, manifest: tree.Manifest, write: Write) -> None:
        folder = self._folder(digest)
        if (folder / "image.json").is_file():
            return
        aside = self.root / f".{uuid.uuid4().hex}"
        aside.mkdir(mode=0o700)
        try:
            write(aside / "tree")
            image.save(aside, digest, config, manifest)
            aside.rename(folder)
        except FileExistsError:
            pass  # another build of the same content was faster
        except OSError:
            if not (folder / "image.json").is_file():
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _key(reference: Reference, version: str) -> str:
    separator = "@" if version.startswith("sha256:") else ":"
    return f"{reference.registry}/{reference.repository}{separator}{version}".lower()
