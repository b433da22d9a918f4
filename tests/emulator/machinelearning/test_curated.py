"""Curated environments: what stands in for them, which are refused, and that the job's log tells."""

from __future__ import annotations

import re
from datetime import date

import pytest
import yaml

from emulator.errors import AzureError
from emulator.machinelearning import condaenv, curated
from tests.emulator.machinelearning.conftest import Lab

STAND_IN = curated.Row("tiny-1", "abc", (), "", "a test", "2026-11-29")
KNOWN = ", ".join(row.name for row in curated.ROWS)


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("azureml://registries/azureml/environments/sklearn-1.5/versions/12", "12"),
        ("azureml://registries/azureml/environments/sklearn-1.5/labels/latest", ""),
        ("azureml://registries/azureml/environments/sklearn-1.5", ""),
        ("azureml:registries/azureml/environments/sklearn-1.5:3", "3"),
        ("registries/azureml/environments/sklearn-1.5@latest", ""),
        ("registries/azureml/environments/sklearn-1.5", ""),
    ],
)
def test_every_spelling_leads_to_the_row(reference: str, version: str) -> None:
    asked = curated.asked(reference)
    assert asked == curated.Asked("azureml", "sklearn-1.5", version)
    found = curated.environment(asked)
    assert found["id"].endswith(f"/sklearn-1.5/versions/{version or 'latest'}")
    assert "scikit-learn==1.5.2" in condaenv.parse("curated", found["properties"]["condaFile"]).packages


@pytest.mark.parametrize(
    "reference", ["azureml:plain:1", "azureml:sklearn-1.5@latest", "https://x", "azureml:/x"]
)
def test_other_references_are_no_curated_ones(reference: str) -> None:
    assert curated.asked(reference) is None


@pytest.mark.parametrize("row", curated.ROWS, ids=lambda row: row.name)
def test_a_row_pins_its_packages_and_says_where_they_are_from(row: curated.Row) -> None:
    found = curated.environment(curated.Asked("azureml", row.name, ""))["properties"]
    assert yaml.safe_load(found["condaFile"])["dependencies"][-1] == {"pip": list(row.packages)}
    assert all(re.fullmatch(r"[A-Za-z0-9-]+==[0-9][0-9a-z.]*", package) for package in row.packages)
    assert date.fromisoformat(row.date) and row.version and row.source
    assert all(text in found["description"] for text in (row.name, row.date, row.source, *row.packages))


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (
            "azureml://registries/azureml/environments/none-1/labels/latest",
            f"nothing stands in for the curated environment 'none-1' here; there is something for {KNOWN}; "
            "or register one of your own (image and conda_file)",
        ),
        ("azureml:AzureML-none:1", "nothing stands in for the curated environment 'AzureML-none' here"),
        (
            "azureml://registries/theirs/environments/sklearn-1.5/versions/1",
            "registry 'theirs' is not emulated; register the environment in the workspace",
        ),
        (
            "azureml://registries/azureml/environments/sklearn-1.5/versions/new",
            "curated environment 'sklearn-1.5' has no version 'new': it is a number",
        ),
    ],
)
def test_what_nothing_stands_in_for_is_refused_by_name(lab: Lab, reference: str, why: str) -> None:
    with pytest.raises(AzureError) as caught:
        lab.command("wrong", "true", environmentId=reference)
    assert f"properties.environmentId: {reference!r} cannot be resolved: {why}" in caught.value.message


def test_a_job_runs_in_what_stands_in_and_its_log_says_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curated, "ROWS", (STAND_IN,))
    reference = "azureml://registries/azureml/environments/tiny-1/versions/4"
    lab.command("curated", "python -c 'import sys; print(sys.prefix)'", environmentId=reference)
    assert lab.until("curated") == "Completed", lab.log("curated")
    said, prefix = lab.log("curated").splitlines()
    assert said.startswith("--- Curated environment tiny-1, version 4: here a virtual environment stands in")
    assert "(after a test at abc, 2026-11-29)" in said
    assert "/environments/" in prefix
    assert said in lab.log("curated", "system_logs/environment.txt")
