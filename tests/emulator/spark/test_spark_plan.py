"""What a Spark job is refused for, before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.machinelearning.spark.plan import parse_spark

CONF = {
    "spark.driver.cores": "1",
    "spark.driver.memory": "2g",
    "spark.executor.cores": "1",
    "spark.executor.memory": "2g",
    "spark.executor.instances": "2",
}
GOOD: dict[str, Any] = {
    "jobType": "Spark",
    "codeId": "/subscriptions/x",
    "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
    "args": "--data ${{inputs.data}} --key id",
    "inputs": {"data": {"jobInputType": "literal", "value": "abfss://a@b.dfs.core.windows.net/c"}},
    "pyFiles": ["code.zip"],
    "conf": CONF,
    "identity": {"identityType": "Managed"},
    "resources": {"instanceType": "Standard_E4S_V3", "runtimeVersion": "3.5.0"},
}


def complaints(**changed: Any) -> list[tuple[str, str]]:
    return parse_spark("one", {**GOOD, **changed})[2].found


def test_a_good_one_is_taken_as_it_is() -> None:
    step, submission, found = parse_spark("one", GOOD)
    assert found.found == []
    assert (submission.executors, submission.entry) == (2, "main.py")
    assert submission.arguments == ("--data", "${{inputs.data}}", "--key", "id")
    assert submission.files["--py-files"] == ("code.zip",)
    assert step.inputs["data"].text.startswith("abfss://")


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "an instance type of another series": (
        {"resources": {"instanceType": "Standard_D4s_v5", "runtimeVersion": "3.5"}},
        "properties.resources.instanceType",
        "Instance type must be specified for the list of standard_e4s_v3,standard_e8s_v3,standard_e16s_v3,"
        "standard_e32s_v3,standard_e64s_v3",
    ),
    "a runtime that is not here": (
        {"resources": {"instanceType": "Standard_E4S_V3", "runtimeVersion": "3.4"}},
        "properties.resources.runtimeVersion",
        "'3.4' is not emulated; use 3.5",
    ),
    "a runtime that Azure has not": (
        {"resources": {"instanceType": "Standard_E4S_V3", "runtimeVersion": "4.9"}},
        "properties.resources.runtimeVersion",
        "'4.9' is none of Azure ML's; use 3.5",
    ),
    "neither compute nor resources": (
        {"resources": None},
        "properties.resources",
        "One of either compute or resources must be specified for Spark job",
    ),
    "no executor's memory": (
        {"conf": {key: value for key, value in CONF.items() if key != "spark.executor.memory"}},
        "properties.conf",
        "spark.driver.cores, spark.driver.memory, spark.executor.cores, spark.executor.memory and "
        "spark.executor.instances are mandatory fields",
    ),
    "no executors": (
        {"conf": {**CONF, "spark.executor.instances": "0"}},
        "properties.conf",
        "spark.executor.instances is '0'; it must be a whole number, 1 or more",
    ),
    "executors that come and go": (
        {"conf": {**CONF, "spark.dynamicAllocation.enabled": "True"}},
        "properties.conf",
        "dynamic allocation is not emulated; give spark.executor.instances",
    ),
    "data by another mode": (
        {
            "inputs": {
                "data": {"jobInputType": "uri_folder", "uri": "azureml:rows:1", "mode": "ReadOnlyMount"}
            }
        },
        "properties.inputs.data",
        "Input 'data' is using 'ReadOnlyMount' mode, only 'direct' is supported for Spark job",
    ),
    "an input that is not there": (
        {"inputs": {}},
        "properties.args",
        "the job has no 'inputs.data'",
    ),
    "the user's identity": (
        {"identity": None},
        "properties.identity",
        "a Spark job that acts as 'user' is not emulated; use managed, the workspace's identity",
    ),
    "a class as entry": (
        {"entry": {"sparkJobEntryType": "SparkJobScalaEntry", "className": "A"}},
        "properties.entry",
        "a Spark job needs the Python file that is its entry; classes are not emulated",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_field(name: str) -> None:
    changed, path, message = WRONG[name]
    assert (path, message) in complaints(**changed)
