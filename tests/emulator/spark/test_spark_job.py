"""A batch as a Spark job: azure-ai-ml submits it, executors are processes, and the tables are in the lake."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from azure.identity import EnvironmentCredential
from deltalake import DeltaTable

from ml.batch.evaluate import Composite
from ml.batch.places import Place
from ml.batch.run import Limits, run
from ml.batch.spark.engine import Model
from ml.lake.tables import address, storage_options
from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.lab import Lab
from tests.ml.batch.conftest import ID, composite, rows, written
from tests.ml.batch.spark.conftest import model
from tests.ml.batch.spark.test_job import of_job
from tests.ml.batch.test_run import table

__all__ = ["composite", "model", "rows"]

CONTAINER = f"{estate.ACCOUNT}/blobServices/default/containers/lake"

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


@pytest.mark.usefixtures("home")
def test_it_scores_as_one_machine_does_and_acts_as_its_workspace(
    lab: Lab, composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    lab.write(CONTAINER, {"properties": {}})
    workspace = lab.write(estate.WORKSPACE, estate.workspace_body())
    where = address(estate.ACCOUNT_NAME, "lake", "rows")
    output = address(estate.ACCOUNT_NAME, "lake", "batch")
    credential = EnvironmentCredential()
    written(rows, tmp_path / "in")
    place = Place(where, credential)
    for file in sorted((tmp_path / "in").iterdir()):
        place.write(file.name, file.read_bytes())

    def submitted(folder: str) -> str:
        return lab.submit(of_job(model, tmp_path / folder, where, output)).name

    refused = lab.wait(submitted("one"), seconds=240)
    assert refused.status == "Failed"
    assert "AuthorizationPermissionMismatch" in lab.logs(refused.name)
    estate.grant(
        lab.write,
        "5f0e7a52-0000-4000-8000-0000000000aa",
        workspace["identity"]["principalId"],
        "ServicePrincipal",
    )
    done = lab.wait(submitted("two"), seconds=240)
    said = lab.logs(done.name)
    assert done.status == "Completed", said
    one = run(composite, str(tmp_path / "in"), str(tmp_path / "out"), ID, Limits())
    assert json.loads(Place(output, credential).read("runs/answers/a.json"))["rows"] == one["rows"]
    options = storage_options(output, credential)
    found = DeltaTable(f"{output}/predictions", storage_options=options).to_pyarrow_table().to_pandas()
    ours = table(tmp_path / "out").drop(columns="run")
    theirs = found.sort_values(["file", "row"]).reset_index(drop=True).drop(columns="run")
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
