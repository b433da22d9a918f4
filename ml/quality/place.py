"""The tables and files of one estate, and the models that answered there."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError
from ml.lake import answers, tables
from ml.quality import store
from ml.quality.daily import Sources
from ml.quality.labels import table
from ml.quality.reading import Contract
from ml.quality.reference import Model

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from ml.azure.clients import Azure

MANIFEST = "manifest.json"


def account(azure: Azure) -> str:
    """The data lake's account. Raises MlopsError when the estate has none."""
    found = azure.estate.data_lake
    if found is None:
        environment = azure.estate.environment
        raise MlopsError(
            f"The estate {environment} has no data lake: no answers and no labels are kept.",
            f"Set dataLake in Pulumi.{environment}.yaml and run `pulumi up -s {environment}`.",
        )
    return found


def kept_answers(azure: Azure) -> DeltaTable | None:
    return tables.open_table(
        tables.address(account(azure), answers.CONTAINER, answers.TABLE), azure.credential
    )


def labels(azure: Azure) -> DeltaTable:
    """The table of labels as it is now; it is made when there is none."""
    return tables.make_table(
        tables.address(account(azure), table.CONTAINER, table.TABLE),
        table.schema(),
        azure.credential,
        partition=[table.PARTITION],
        indexed=table.INDEXED,
        description="Labels that came for kept answers",
    )


def sources(azure: Azure, manifests: dict[str, Path]) -> Sources:
    """manifests: of models, by name, where the estate's own workspace does not have them."""
    there = kept_answers(azure)
    labelled = tables.open_table(
        tables.address(account(azure), table.CONTAINER, table.TABLE), azure.credential
    )
    files = store.Lake(azure, account(azure), table.CONTAINER)
    return Sources(_dataset(there), _dataset(labelled), files, contracts(files, manifests, azure))


def _dataset(there: DeltaTable | None) -> Any:
    return None if there is None else there.to_pyarrow_dataset()


def contracts(files: store.Files, manifests: dict[str, Path], azure: Azure | None) -> Any:
    """A function from NAME:VERSION to the model and its contract, each looked up once.

    A manifest is taken from the given files, else from what is kept beside the reports, else from the model
    that the workspace has registered; then it is kept.
    """

    @cache
    def found(name: str) -> Contract:
        if name in manifests:
            content = _read(manifests[name])
        else:
            content = store.read_manifest(files, name) or _registered(azure, name)
        try:
            contract = Model.of_manifest(name, content)
        except (ValueError, KeyError) as error:
            raise MlopsError(
                f"The manifest of the model {name} cannot be read: {error}.",
                f"Give that of its artifact: --manifest {name}=FILE.",
            ) from error
        store.write_manifest(files, name, content)
        return contract

    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MlopsError(
            f"The manifest {path} cannot be read: {error.strerror}.", "Name a model's manifest.json."
        ) from error


def _registered(azure: Azure | None, name: str) -> bytes:
    """The manifest of a registered model. Raises MlopsError when the workspace has no such one."""
    from azure.core.exceptions import ResourceNotFoundError

    from ml.azure import models

    model, _, version = name.partition(":")
    unknown = MlopsError(
        f"The model {name} answered, and its manifest is neither kept nor registered in this workspace.",
        "Where models are trained elsewhere, give the manifest.json of its artifact once: "
        f"--manifest {name}=FILE.",
    )
    if azure is None or not version:
        raise unknown
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        try:
            models.download(azure, models.get(azure, model, version), Path(scratch))
        except ResourceNotFoundError as error:
            raise unknown from error
        manifests = sorted(Path(scratch).rglob(MANIFEST))
        if len(manifests) != 1:
            raise unknown
        content = manifests[0].read_bytes()
    json.loads(content)
    return content
