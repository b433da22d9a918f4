"""Fixtures of the command line's tests: an estate's outputs, small components and a recording report."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.ml.cli.mlops_fakes import RecordingReport

ORIGIN = dict.fromkeys(("data_asset", "data_sha256", "code_commit", "environment"), "string")
STEPS = {
    "prepare": ({"raw": "uri_file", "test_fraction": "number"}, "prepared"),
    "validate": ({"prepared": "uri_folder"}, "validated"),
    "train": ({"validated": "uri_folder", "seed": "integer", "trials": "integer"}, "model"),
    "evaluate": ({"model": "uri_folder", "validated": "uri_folder"}, "evaluation"),
    "card": (
        {
            "model": "uri_folder",
            "validated": "uri_folder",
            "bounds": "string",
            "model_name": "string",
            **ORIGIN,
        },
        "card",
    ),
    "compare": (
        {
            "evaluation": "uri_folder",
            "card": "uri_folder",
            "validated": "uri_folder",
            "model_name": "string",
            "metric": "string",
            "margin": "number",
        },
        "decision",
    ),
    "register": (
        {
            "model": "uri_folder",
            "evaluation": "uri_folder",
            "decision": "uri_folder",
            "card": "uri_folder",
            "model_name": "string",
            **ORIGIN,
        },
        "registration",
    ),
}


def write_component(directory: Path, step: str) -> None:
    inputs, output = STEPS[step]
    folder = directory / step
    folder.mkdir(parents=True)
    declared = "\n".join(f"  {name}: {{type: {kind}}}" for name, kind in inputs.items())
    arguments = " ".join(f"--{name} ${{{{inputs.{name}}}}}" for name in inputs)
    text = textwrap.dedent(
        """\
        $schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
        type: command
        name: {step}
        version: "1"
        code: ../../..
        environment: azureml:training@latest
        inputs:
        {declared}
        outputs:
          {output}: {{type: uri_folder}}
        command: python -m ml.steps.{step}.main {arguments} --{output} ${{{{outputs.{output}}}}}
        """
    )
    (folder / "component.yml").write_text(
        text.format(step=step, declared=declared, output=output, arguments=arguments)
    )


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with the components as the contract between the parts has them."""
    for step in STEPS:
        write_component(tmp_path / "steps", step)
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
        "scoring_public_address": True,
    }


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()
