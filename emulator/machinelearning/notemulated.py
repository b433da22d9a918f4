"""Parts of Azure Machine Learning that are refused by name."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.machinelearning.names import WORKSPACE

ENDPOINTS = "the scoring service runs in a container group or in Kubernetes"
# collection under a workspace -> what to use instead
REFUSED = {
    "onlineEndpoints": ENDPOINTS,
    "onlineEndpoints/deployments": ENDPOINTS,
    "serverlessEndpoints": ENDPOINTS,
    "featuresets": "use data assets",
    "featurestoreEntities": "use data assets",
    "connections": "use datastores",
}
# kind of a pipeline's step, or of a job (without "_", in lower case) -> what to use instead
STEPS = {
    "parallel": "go through the files in one command step",
    "automl": "train in a command step",
    "spark": "make it a job of its own",
    "import": "register the data as an asset and give it as an input",
    "data_transfer": "copy the data in a command step",
    "if_else": "decide inside a command step",
    "do_while": "repeat inside a command step",
    "parallel_for": "write the steps out, or loop inside one",
    "fl_scatter_gather": "write the steps out",
    "distillation": "train in a command step",
    "finetuning": "train in a command step",
    "labeling": "register labelled data as an asset",
}


def install(arm: Arm) -> None:
    """Refuse to create what would only look as if it worked."""
    for collection, instead in REFUSED.items():
        arm.refuse(f"{WORKSPACE}/{collection}", instead)
