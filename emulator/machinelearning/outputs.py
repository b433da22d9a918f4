"""Outputs that a job names: they become versions of data assets or models when the job has ended well."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Arm
from emulator.machinelearning.orders import Order
from emulator.machinelearning.references import DATASTORE_PATH
from emulator.machinelearning.runs import Runs

Json = dict[str, Any]
MODEL_TYPES = frozenset({"custom_model", "mlflow_model"})


def register_outputs(arm: Arm, runs: Runs, order: Order, outputs: Json) -> Json:
    """Register the named outputs of a run; the outputs, with the asset's id where there is one.

    Which version an output becomes is in the run's record first: a step that was cut off right after it wrote
    the version writes the same one when it runs again.
    """
    chosen: dict[str, str] = dict(runs.record(order.job_id).get("assets") or {})
    registered: Json = {}
    for name, output in outputs.items():
        target = order.outputs[name]
        registered[name] = output
        if not target.asset_name:
            continue
        collection = "models" if target.type in MODEL_TYPES else "data"
        match = DATASTORE_PATH.fullmatch(output["uri"])
        uri = order.workspace.datastore_uri(match["datastore"], match["path"]) if match else output["uri"]
        content: Json = {"modelUri": uri, "modelType": target.type, "jobName": order.name}
        if collection == "data":
            content = {"dataUri": uri, "dataType": target.type}
        container = arm.find(order.workspace.child(collection, target.asset_name))
        version = target.asset_version or (container["properties"]["nextVersion"] if container else "1")
        if name not in chosen:
            chosen[name] = order.workspace.child(collection, target.asset_name, "versions", version)
            runs.update(order.job_id, assets=chosen)
        asset_id = chosen[name]
        arm.put(asset_id, {"properties": {**content, "tags": {}, "properties": {}}})
        registered[name] = {**output, "asset": asset_id}
    return registered
