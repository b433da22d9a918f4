"""A release into the function app that scores: its model, its code, and the name of the one in the other.

The package names the release (`release.json`), and Azure takes a package in one step: never does the code of
one release answer with the model of another, and `pulumi up`, which writes the app's settings, undoes none.
"""

from __future__ import annotations

import hashlib
import platform
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure import console
from ml.errors import MlopsError
from ml.functions import answering
from ml.functions.kept import Kept, Put
from ml.functions.package import FOLDER, package, told_by, uncommitted
from ml.release.proof import PROVEN_IN
from scoring.hosted import DIGEST, URL
from scoring.model import artifact as artifacts
from scoring.model.artifact import FILES, ArtifactError

if TYPE_CHECKING:
    from infra.outputs import ScoringFunction
    from ml.azure.clients import Azure
    from ml.release import Record

OPEN: Final = "nobody approves releases where they are proven"
HOST: Final = ("Linux", "x86_64")
"""What the instances of Flex Consumption are."""


def deploy(azure: Azure, root: Path, release: str, model: Path | None, machine_code: bool) -> dict[str, Any]:
    """Put a release into the estate's function app, and ask it.

    root: the checkout, whose code the app gets. model: the folder of the release's model, where the estate
    has none registered. machine_code: whether the app gets it, compiled here; else ONNX Runtime answers.

    Raises MlopsError before anything is changed where there is no app or no such release, or where it is not
    approved for this environment; and where the app does not answer as the model's samples say.
    """
    function = function_of(azure)
    record, approved = _allowed(azure, root, release)
    with _artifact(azure, record, model) as folder:
        same = _code(azure, root, record, folder)
        key = answering.key_of(azure, function)
        content = _package(root, variables(azure, function, record), machine_code)
        put = _put_by(azure, record, content, approved)
        with azure.report.phase(f"the model into {azure.estate.storage_account}/{function.models}"):
            _put(azure, function, record, folder)
        # Before the app gets it, and after: a run that is cut off leaves what going back needs.
        kept = Kept.of(azure) if function.gated else None
        begun = kept.begin(put, content) if kept else None
        console.publish(azure, function.app, content)
        tests = answering.check(azure, function, key, told_by(content), artifacts.load(folder))
        if kept and begun:
            kept.serve(begun, put)
    made = record.release
    return {
        "app": function.app,
        "address": function.url,
        "release": made.id,
        "model": f"{made.model_name}:{made.model_version}",
        "digest": record.evidence.artifact_digest,
        "approved_by": approved,
        "content": put.content[:16],
        "code_of_the_image": same,
        "smoke_tests": tests,
    }


def variables(azure: Azure, function: ScoringFunction, record: Record) -> dict[str, str]:
    """What the package says of its release; none of it is a secret."""
    made, digest = record.release, record.evidence.artifact_digest
    place = f"https://{azure.estate.storage_account}.blob.core.windows.net/{function.models}"
    return {
        **made.configuration.variables,
        "OTEL_METRIC_EXPORT_INTERVAL": str(made.configuration.metric_seconds * 1000),
        URL: f"{place}/{_folder(digest)}",
        DIGEST: digest,
        "MODEL_NAME": made.model_name,
        "MODEL_VERSION": made.model_version,
        "RELEASE_ID": made.id,
    }


def _folder(digest: str) -> str:
    """In the container: one a model, whichever releases have it."""
    return digest.removeprefix("sha256:")


def _put_by(azure: Azure, record: Record, content: bytes, approved: str) -> Put:
    from ml.production.assembly import who

    digest = hashlib.sha256(content).hexdigest()
    return Put(release=record.release.id, content=digest, at=time.time(), by=who(azure), approved_by=approved)


def function_of(azure: Azure) -> ScoringFunction:
    """Raises MlopsError for an estate without one."""
    found, environment = azure.estate.scoring_function, azure.estate.environment
    if found is None:
        raise MlopsError(
            f"There is no function app that scores in {environment}.",
            f"Set scoringFunction in Pulumi.{environment}.yaml, and run `pulumi up -s {environment}`.",
        )
    return found


def _allowed(azure: Azure, root: Path, release: str) -> tuple[Record, str]:
    """The record, and who approved it: by the same gate as `mlops promote`. Raises MlopsError."""
    from ml.batch.released import record_of
    from ml.production.assembly import Production

    if azure.estate.environment == PROVEN_IN:
        record, approved = record_of(azure, release), OPEN
    else:
        production = Production(azure, root)
        record, approved = production.record(release), production.approve(release).who
    if record.evidence.members:
        raise MlopsError(
            f"The release {release} is one of a fleet, and the function app serves a single model.",
            "Name the release of a single model.",
        )
    return record, approved


@contextmanager
def _artifact(azure: Azure, record: Record, given: Path | None) -> Generator[Path]:
    """The folder of the model that the record names, and no other."""
    from ml.batch.released import downloaded

    made, wanted = record.release, record.evidence.artifact_digest
    if given is None and azure.estate.environment != PROVEN_IN:
        raise MlopsError(
            f"The model of {made.id} is registered in {PROVEN_IN}, where {azure.estate.environment} reads "
            "nothing.",
            f"`mlops functions model {made.id} --env {PROVEN_IN} --to DIR` writes it: give it with "
            "--model DIR.",
        )
    if given is None:
        with azure.report.phase("model"), downloaded(azure, made.id) as (_, folder):
            yield folder
        return
    try:
        found = artifacts.load(given).digest
    except ArtifactError as error:
        raise MlopsError(
            f"--model {given} is no model: {error}.", "Name the folder that `mlops functions model` wrote."
        ) from error
    if found != wanted:
        raise MlopsError(
            f"--model {given} is {found}, and the release {made.id} was made of {wanted}.",
            "Name the folder of this release's model.",
        )
    yield given


def _code(azure: Azure, root: Path, record: Record, folder: Path) -> bool:
    """Whether this checkout's code is the release's image's; where releases are approved, it has to be.

    The image has not all that the app has: what hands requests to the service is of a commit there, at least.
    """
    from ml.deploy.image import scoring_context

    same = scoring_context(root, folder).sha256 == record.evidence.context_sha256
    if same and azure.estate.environment != PROVEN_IN and uncommitted(root):
        raise MlopsError(
            f"What the function app has beside the code of the image ({FOLDER}, its packages) is of no "
            "commit.",
            "Commit what `git status` shows, or check out the commit that the image was built from.",
        )
    if same:
        return True
    words = f"the code of this checkout is not that of the image of {record.release.id}"
    if azure.estate.environment != PROVEN_IN:
        raise MlopsError(
            f"{words[0].upper()}{words[1:]}, which was approved.",
            "Check out the commit that it was built from, or release what is here.",
        )
    azure.report.warn(f"{words}: the function app gets this one")
    return False


def _package(root: Path, told: dict[str, str], machine_code: bool) -> bytes:
    if not machine_code:
        return package(root, told=told)
    from ml.commands.wheel import kernel

    here = (platform.system(), platform.machine())
    if here != HOST:  # the app would start without it, answer by ONNX Runtime, and nobody would know
        raise MlopsError(
            f"Machine code that is compiled here is for {' on '.join(here)}; the app runs under "
            f"{' on '.join(HOST)}.",
            "Leave out --machine-code, or run this where the app's kind of machine is.",
        )
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        return package(root, kernel(Path(scratch)), told)


def _put(azure: Azure, function: ScoringFunction, record: Record, folder: Path) -> None:
    """The model's files, each whole. What is there already is written anew: it may have been damaged."""
    container = azure.container(azure.estate.storage_account, function.models)
    place = _folder(record.evidence.artifact_digest)
    for name in FILES:
        upload = partial(container.get_blob_client(f"{place}/{name}").upload_blob, overwrite=True)
        azure.granted(partial(upload, (folder / name).read_bytes()), "write the model")
