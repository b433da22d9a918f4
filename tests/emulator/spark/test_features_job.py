"""Feature tables as a Spark job: azure-ai-ml submits it, executors are processes, tables are in the lake."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.identity import EnvironmentCredential
from deltalake import DeltaTable

from ml.batch.places import Place
from ml.features.build import build
from ml.features.definition import chosen
from ml.features.place import Features
from ml.features.sources import Sources
from ml.features.spark import job
from ml.lake.tables import address, storage_options
from ml.settings import settings
from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.lab import Lab

ROOT = Path(__file__).resolve().parents[3]
CONTAINER = f"{estate.ACCOUNT}/blobServices/default/containers/lake"
DATA = ROOT / "data" / "credit_default.parquet"

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


@pytest.mark.usefixtures("home")
def test_it_builds_what_one_machine_builds_and_acts_as_its_workspace(lab: Lab, tmp_path: Path) -> None:
    lab.write(CONTAINER, {"properties": {}})
    workspace = lab.write(estate.WORKSPACE, estate.workspace_body())
    estate.grant(
        lab.write,
        "5f0e7a52-0000-4000-8000-0000000000ab",
        workspace["identity"]["principalId"],
        "ServicePrincipal",
    )
    credential = EnvironmentCredential()
    clients, where = (address(estate.ACCOUNT_NAME, "lake", name) for name in ("clients", "features"))
    Place(clients, credential).write("clients.parquet", DATA.read_bytes())
    told: Any = SimpleNamespace(environment="stage", data_lake=estate.ACCOUNT_NAME)
    azure: Any = SimpleNamespace(estate=told, settings=settings(), credential=credential)
    sources = Sources(ROOT, estate.ACCOUNT_NAME, credential, {"credit-default": clients})
    made = job.job(azure, ROOT, chosen(["client_profile"]), where, sources)
    done = lab.wait(lab.submit(made.entity(tmp_path)).name, seconds=240)
    assert done.status == "Completed", lab.logs(done.name)
    assert made.answer is not None
    answer = made.answer(azure, done.name)
    assert [(one["table"], one["keys"]) for one in answer["built"]] == [("client_profile", 30_000)]
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for table in chosen(["client_profile"]):
        here = Features(str(tmp_path / "machine"))
        build(table, here, Sources(ROOT), now)
        theirs = f"{Features(where).folder(table)}/latest"
        found = [
            DeltaTable(folder, storage_options=options).to_pyarrow_table().sort_by("id")
            for folder, options in (
                (theirs, storage_options(theirs, credential)),
                (f"{here.folder(table)}/latest", None),
            )
        ]
        assert found[0].equals(found[1])
    assert "token" not in json.dumps(answer).lower()
