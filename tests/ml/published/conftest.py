"""A running emulator with a small workspace, and `mlops`' clients of it: no stack is needed for them."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.outputs import EstateOutputs
from ml.azure.clients import Azure
from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.conftest import cache, lab
from tests.emulator.pipelines.lab import Lab
from tests.ml.cli.conftest import outputs
from tests.ml.cli.mlops_fakes import RecordingReport

__all__ = ["cache", "lab", "outputs"]


@pytest.fixture
def azure(lab: Lab, outputs: dict[str, Any]) -> Iterator[Azure]:
    identity = lab.write(estate.IDENTITY, {"location": estate.REGION})["properties"]
    named = {
        "subscription_id": estate.SUBSCRIPTION,
        "resource_group": estate.GROUP_NAME,
        "workspace": estate.WORKSPACE_NAME,
        "location": estate.REGION,
        "datastore": "workspaceblobstore",
        "storage_account": estate.ACCOUNT_NAME,
        "data_container": lab.ml.datastores.get("workspaceblobstore").container_name,
        "training_identity_client_id": identity["clientId"],
    }
    yield Azure(EstateOutputs.model_validate({**outputs, **named}), RecordingReport())
