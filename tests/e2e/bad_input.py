"""Wrong inputs that need no server: settings, properties, pipelines, data, scoring requests, damaged state.

Each row says what is wrong, how it is given, and exactly what is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
GONE: Final = object()

# stack, {dotted path of the setting: value}, the line that tells
SETTINGS: Final[tuple[tuple[str, Json, str], ...]] = (
    (
        "stage",
        {"azure.location": "west-europe"},
        ('azure-native:location is "west-europe": no region of that name; did you mean westeurope?'),
    ),
    (
        "stage",
        {"compute.maxNode": 3},
        "compute.maxNode is 3: there is no such setting; did you mean maxNodes?",
    ),
    (
        "stage",
        {"network.subnets.inference": "10.20.2.1/24"},
        (
            'network.subnets.inference is "10.20.2.1/24": the address has bits outside its '
            "prefix; did you mean 10.20.2.0/24?"
        ),
    ),
    (
        "stage",
        {"network.subnets.inference": "10.20.1.0/24"},
        (
            'network.subnets.inference is "10.20.1.0/24": choose a range that does not '
            "overlap network.subnets.training, 10.20.0.0/23"
        ),
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["0.0.0.0/0"]},
        (
            'networkAccess.allowedRanges[0] is "0.0.0.0/0": this is the whole internet; list '
            "the ranges of your offices, VPN and runners"
        ),
    ),
    (
        "prod",
        {"gateway.backendKeySecret": "scoring-api-key"},
        'gateway.backendKeySecret is "scoring-api-key": there is no such setting any more: `mlops deploy` '
        "and `mlops key` tell the gateway the service's key; remove it",
    ),
)

# token, inputs, everything that the provider's Check says
PROPERTIES: Final[tuple[tuple[str, Json, list[str]], ...]] = (
    (
        "storage:StorageAccount",
        {
            "resourceGroupName": "rg",
            "location": "westeurope",
            "accountName": "store",
            "knd": "StorageV2",
            "sku": {"name": "Standard_LRS"},
        },
        [
            (
                "kind: is required: a string such as Storage, StorageV2, BlobStorage, "
                "FileStorage, BlockBlobStorage"
            ),
            "knd: is not a property here; did you mean 'kind'?",
        ],
    ),
    (
        "storage:StorageAccount",
        {
            "resourceGroupName": "rg",
            "location": "westeurope",
            "accountName": "store",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"ipAddress": "203.0.113.7"}]},
        },
        [
            "networkRuleSet.ipRules[0].iPAddressOrRange: is required: a string",
            ("networkRuleSet.ipRules[0].ipAddress: is not a property here; did you mean 'iPAddressOrRange'?"),
        ],
    ),
    (
        "containerinstance:ContainerGroup",
        {
            "resourceGroupName": "rg",
            "location": "westeurope",
            "containerGroupName": "c",
            "osType": "Linux",
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "resources": {"requests": {"cpu": "one", "memoryInGB": 1}},
                    "livenessProbe": {"httpGet": {"port": 80, "schema": "http"}},
                }
            ],
        },
        [
            "containers[0].resources.requests.cpu: must be a number, got the string 'one'",
            ("containers[0].livenessProbe.httpGet.schema: is not a property here; did you mean 'scheme'?"),
        ],
    ),
    (
        "machinelearningservices:Compute",
        {
            "resourceGroupName": "rg",
            "location": "westeurope",
            "workspaceName": "w",
            "computeName": "cpu",
            "properties": {"computeType": "AmlComput"},
        },
        [
            (
                "properties.computeType: the string 'AmlComput' is not one of AKS, AmlCompute, "
                "ComputeInstance, DataFactory, DataLakeAnalytics, Databricks, HDInsight, "
                "Kubernetes, SynapseSpark, VirtualMachine; did you mean 'AmlCompute'?"
            )
        ],
    ),
    (
        "network:VirtualNetwork",
        {
            "resourceGroupName": "rg",
            "location": "westeurope",
            "virtualNetworkName": "v",
            "addressSpace": {"addressPrefixes": "10.0.0.0/16"},
            "subnets": [{"name": "a", "delegations": [{"name": "d", "service_name": "x"}]}],
        },
        [
            "addressSpace.addressPrefixes: must be an array, got the string '10.0.0.0/16'",
            ("subnets[0].delegations[0].service_name: is not a property here; did you mean 'serviceName'?"),
        ],
    ),
    (
        "quantum:Workspace",
        {"resourceGroupName": "rg", "location": "westeurope"},
        [
            (
                "azure-native:quantum:Workspace is not emulated. To emulate it, add one row to "
                "emulator/quantum/types.py, its path as in the Azure REST reference "
                "(api-version 2023-11-13-preview): "
                'Row("Microsoft.quantum/workspaces/{workspacesName}", "quantum:Workspace"),'
            )
        ],
    ),
)


@dataclass(frozen=True)
class Pipeline:
    """what is wrong; the steps of a pipeline (or a command job); the message. {make}, {take}: components."""

    what: str
    steps: Json
    message: str


def literal(text: str) -> Json:
    return {"job_input_type": "literal", "value": text}


def step(component: str, inputs: Json, **more: Any) -> Json:
    return {"type": "command", "componentId": component, "inputs": inputs, **more}


ONE: Final = {"n": literal("1")}
PIPELINES: Final = (
    Pipeline(
        "an unknown input",
        {"a": step("{make}", {**ONE, "m": literal("2")})},
        (
            "Job 'wrong' is not valid. properties.jobs.a.inputs.m: the component has no such "
            "input; it has: n. | ValidationError: the component has no such input; it has: n"
        ),
    ),
    Pipeline(
        "a missing input",
        {"a": step("{make}", {})},
        (
            "Job 'wrong' is not valid. properties.jobs.a.inputs.n: this input (integer) is "
            "required. | ValidationError: this input (integer) is required"
        ),
    ),
    Pipeline(
        "a word for a number",
        {"a": step("{make}", {"n": literal("many")})},
        (
            "Job 'wrong' is not valid. properties.jobs.a.inputs.n: 'many' is no integer. | "
            "ValidationError: 'many' is no integer"
        ),
    ),
    Pipeline(
        "steps that wait for each other",
        {
            "a": step("{both}", {"i": literal("${{parent.jobs.b.outputs.o}}")}),
            "b": step("{both}", {"i": literal("${{parent.jobs.a.outputs.o}}")}),
        },
        (
            "Job 'wrong' is not valid. properties.jobs: steps wait for each other: a -> b -> "
            "a. | ValidationError: steps wait for each other: a -> b -> a"
        ),
    ),
    Pipeline(
        "an output of a step that is not there",
        {"a": step("{take}", {"i": literal("${{parent.jobs.b.outputs.o}}")})},
        (
            "Job 'wrong' is not valid. properties.jobs.a.inputs.i: there is no step 'b'; the "
            "steps are: a. | ValidationError: there is no step 'b'; the steps are: a"
        ),
    ),
    Pipeline(
        "an unknown compute",
        {"a": step("{make}", ONE, computeId="{workspace}/computes/gpu")},
        (
            "Job 'wrong' is not valid. properties.jobs.a.computeId: 'gpu' is no compute of workspace "
            "'mlw-tests'; it has: cpu. | ValidationError: 'gpu' is no compute of workspace 'mlw-tests'; "
            "it has: cpu"
        ),
    ),
    Pipeline(
        "an unknown component",
        {"a": step("{workspace}/components/none/versions/1", ONE)},
        (
            "Resource {workspace}/components/none/versions/1 referenced by resource "
            "{workspace}/jobs/wrong was not found (properties.jobs.a.componentId). Please "
            "make sure that the referenced resource exists."
        ),
    ),
    Pipeline(
        "an unknown environment",
        {"a": step("{make}", ONE, environmentId="{workspace}/environments/none/versions/1")},
        (
            "Resource {workspace}/environments/none/versions/1 referenced by resource "
            "{workspace}/jobs/wrong was not found (properties.jobs.a.environmentId). Please "
            "make sure that the referenced resource exists."
        ),
    ),
    Pipeline(
        "no steps",
        {},
        (
            "Job 'wrong' is not valid. properties.jobs: the pipeline has no steps. | "
            "ValidationError: the pipeline has no steps"
        ),
    ),
)

# file name, content, the problem that `mlops train --data` tells; {file} is its path
DATA: Final[tuple[tuple[str, bytes, str], ...]] = (
    (
        "cut.parquet",
        b"PAR1 cut short",
        (
            "The data set {file} is not readable parquet: Parquet magic bytes not found in "
            "footer. Either the file is corrupted or this is not a parquet file.."
        ),
    ),
    (
        "picture.parquet",
        b"\x89PNG\r\n",
        ("The data set {file} is neither parquet nor a .csv file: it begins with b'\\x89PNG\\r\\n'."),
    ),
    (
        "columns.csv",
        b"id,other\n1,2\n",
        "The data set {file} does not have the columns of the contract, ml/steps/contract.py.",
    ),
    (
        "ragged.csv",
        b"id,default\n1,2,3\n",
        ("The data set {file} is no csv with a header and rows: 2 heading(s), 3 value(s) in the first row."),
    ),
    (
        "latin.csv",
        b"id,\xff\xfe\n1,2\n",
        (
            "The data set {file} is not readable csv: 'utf-8' codec can't decode byte 0xff in"
            " position 3: invalid start byte."
        ),
    ),
)

# what is wrong, {column: value} in a data set that keeps the contract (GONE: no column), what validate says
CONTRACT: Final[tuple[tuple[str, Json, str], ...]] = (
    (
        "a value out of range",
        {"age": 17},
        (
            "validate: the data breaks its contract in 1 ways:\n"
            "  train.parquet: column age: from 18 to 120: 1 rows, for example 17 in the row with id 1"
        ),
    ),
    (
        "a category that is unknown",
        {"sex": "unknown"},
        (
            "validate: the data breaks its contract in 1 ways:\n"
            "  train.parquet: column sex: one of female, male: 1 rows, for example 'unknown' in the "
            "row with id 1"
        ),
    ),
    (
        "a column that is missing",
        {"pay_amt2": GONE},
        (
            "validate: the data breaks its contract in 2 ways:\n"
            "  train.parquet: column pay_amt2: the column is missing: 1000 rows\n"
            "  test.parquet: column pay_amt2: the column is missing: 400 rows"
        ),
    ),
)

# what is wrong, content type, body, status, problem, detail
SCORE: Final[tuple[tuple[str, str, bytes, int, str, str], ...]] = (
    (
        "no JSON",
        "application/json",
        b"{",
        400,
        "invalid-json",
        "unexpected end of data: line 1 column 2 (char 1)",
    ),
    (
        "another media type",
        "text/csv",
        b"age\n30\n",
        415,
        "unsupported-media-type",
        "found 'text/csv', expected application/json or application/vnd.apache.arrow.stream",
    ),
    (
        "neither records nor columns",
        "application/json",
        b'{"rows": []}',
        422,
        "input-contract",
        "1 values break the input contract",
    ),
    (
        "no records",
        "application/json",
        b'{"records": []}',
        422,
        "input-contract",
        "1 values break the input contract",
    ),
    (
        "a record without features",
        "application/json",
        b'{"records": [{}]}',
        422,
        "input-contract",
        "23 values break the input contract",
    ),
    (
        "columns of different lengths",
        "application/json",
        b'{"columns": {"age": [30], "sex": []}}',
        422,
        "input-contract",
        "22 values break the input contract",
    ),
)

TABLES: Final = ("SETTINGS", "PROPERTIES", "PIPELINES", "DATA", "CONTRACT", "SCORE")
