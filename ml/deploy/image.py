"""The scoring image: built once for a model version and the content around it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.azure import images, models, registry
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.azure.models import ModelVersion
from ml.content import sha256_of_files
from ml.errors import MlopsError
from ml.jobs import snapshot
from scoring.fleet import stored
from scoring.fleet.members import check
from scoring.model import artifact

EDGE = {
    "Dockerfile": "environments/edge/Dockerfile",
    "root.py": "environments/edge/root.py",
    "requirements.txt": "environments/requirements/edge.txt",
    "kernel.txt": "environments/requirements/kernel.txt",
}
FILES = {
    "Dockerfile": "environments/scoring/Dockerfile",
    "requirements.txt": "environments/requirements/scoring.txt",
    "kernel.txt": "environments/requirements/kernel.txt",
    "sbom.txt": "environments/requirements/sbom.txt",
}
TAG_LENGTH = 12


@dataclass(frozen=True, slots=True)
class BuildContext:
    """The files that an image is built from, with the model artifact under model/.

    fleet: where there are many models in place of one; `model` is then the pooled one.
    """

    files: dict[str, bytes]
    model: artifact.Artifact
    sha256: str
    fleet: stored.Fleet | None = None

    @property
    def digest(self) -> str:
        """Of what answers: the model's, or the fleet's."""
        return self.model.digest if self.fleet is None else self.fleet.digest

    @property
    def short(self) -> str:
        return self.sha256[:TAG_LENGTH]


def scoring_context(root: Path, model: Path, own: Mapping[str, str] = FILES) -> BuildContext:
    """The build context of the scoring image; of that of a device, with EDGE.

    root: the checkout. model: the model artifact's directory. own: what the image has of the checkout beside
    code and model, by name in the context. Raises MlopsError when one of them is not complete.
    """
    missing = [path for path in own.values() if not (root / path).is_file()]
    if missing:
        raise MlopsError(
            f"The scoring image cannot be built without {', '.join(missing)} in {root}.",
            "Restore the file(s) from the repository.",
        )
    try:
        fleet, loaded, names = _models(model)
    except artifact.ArtifactError as error:
        raise MlopsError(
            f"The registered model is no usable artifact: {error}.", "Train again, or deploy another version."
        ) from error
    files = {
        **{name: (root / path).read_bytes() for name, path in own.items()},
        **snapshot.of_scoring(root).files,
        **{f"model/{name}": (model / name).read_bytes() for name in names},  # without cards
    }
    return BuildContext(files, loaded, sha256_of_files(files), fleet)


def _models(model: Path) -> tuple[stored.Fleet | None, artifact.Artifact, list[str]]:
    """The fleet, where it is one, the model or the pooled one, and the files of all that serves.

    Each model is read whole. Raises ArtifactError.
    """
    if not stored.is_fleet(model):
        loaded = artifact.load(model)
        loaded.explanation()
        return None, loaded, list(artifact.FILES)
    fleet = stored.load(model)
    names = [stored.FILE]
    for digest in fleet.models:
        place = stored.model_dir(model, digest)
        one = artifact.load(place)
        one.explanation()
        check(one, digest, fleet)
        names += [(place / name).relative_to(model).as_posix() for name in artifact.FILES]
    return fleet, artifact.load(stored.model_dir(model, fleet.pooled)), names


def assemble(azure: Azure, root: Path, model: ModelVersion) -> BuildContext:
    """Download the model's artifact and put the build context together."""
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        models.download(azure, model, Path(scratch))
        fleets = sorted(Path(scratch).rglob(stored.FILE))
        if len(fleets) == 1:
            return scoring_context(root, fleets[0].parent)
        manifests = sorted(Path(scratch).rglob(artifact.MANIFEST))
        if len(manifests) != 1:
            raise MlopsError(
                f"{model.reference} holds {len(manifests)} {artifact.MANIFEST}, not one.",
                "Deploy another version, or make this model anew: "
                "`mlops train --force --override 'the files of its version are gone'`.",
            )
        return scoring_context(root, manifests[0].parent)


def ensure(azure: Azure, model: ModelVersion, context: BuildContext, rebuild: bool) -> tuple[Image, bool]:
    """The image of this model and context, and whether it was built now; with `rebuild` it always is.

    The model's tags keep the digest of an image under the context's hash and the registry's key, because a
    registry that was made anew does not have the image. One that somebody deleted is built again.
    """
    repository = azure.settings.scoring.name
    key = f"image-{context.short}-{images.registry_key(azure)}"
    known = model.tags.get(key)
    if known and not rebuild:
        built = Image(azure.estate.registry_login_server, repository, known)
        if registry.still_held(azure, built):
            azure.report.line(f"the image of this content exists: {known}")
            return built, False
    image = images.build(azure, repository, f"{model.version}-{context.short}", context.files)
    models.tag(azure, model, {key: image.digest})
    return image, True
