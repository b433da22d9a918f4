"""Fixtures of the command line's tests: an estate's outputs, the components and a recording report."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from ml.jobs.pipeline import STEPS, STEPS_DIRECTORY
from tests.ml.cli.mlops_fakes import RecordingReport


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with the components of the steps, to be changed."""
    for step in STEPS:
        (tmp_path / "steps" / step).mkdir(parents=True)
        shutil.copy(STEPS_DIRECTORY / step / "component.yml", tmp_path / "steps" / step)
    return tmp_path / "steps"


@pytest.fixture
def outputs() -> dict[str, Any]:
    """The outputs of a deployed stack, as `pulumi stack output --json` gives them."""
    group = "/subscriptions/s/resourceGroups/rg-stage"
    return {
        "environment": "stage",
        "location": "westeurope",
        "tenant_id": "t",
        "subscription_id": "s",
        "resource_group": "rg-stage",
        "workspace": "ws",
        "compute_cluster": "cpu",
        "datastore": "estate",
        "storage_account": "ststage",
        "data_container": "data",
        "key_vault": "kv-stage",
        "key_vault_uri": "https://kv-stage.vault.azure.net/",
        "registry": "crstage",
        "registry_login_server": "crstage.azurecr.io",
        "build_agent_pool": "builders",
        "telemetry_connection_string": "InstrumentationKey=k",
        "log_analytics_id": f"{group}/providers/Microsoft.OperationalInsights/workspaces/log",
        "training_identity_id": f"{group}/providers/Microsoft.ManagedIdentity/training",
        "training_identity_client_id": "training-client",
        "scoring_identity_id": f"{group}/providers/Microsoft.ManagedIdentity/scoring",
        "scoring_identity_client_id": "scoring-client",
        "inference_subnet_id": f"{group}/providers/Microsoft.Network/virtualNetworks/v/subnets/inference",
    }


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()
