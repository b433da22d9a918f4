"""`mlops score`: real rows to the deployed service, and what it says of them."""

import math
import random
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.azure.clients import Azure
from ml.deploy import group, ways
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from ml.jobs import data
from ml.terminal import options
from ml.terminal.console import number, table
from ml.terminal.failures import honest
from ml.terminal.run import STORAGE, run

if TYPE_CHECKING:
    from ml.jobs.csv_table import Kind

BATCH_ROWS = 100
DRIFT_SECONDS = 3.0  # the service evaluates its window a moment after the requests
LOOK_SECONDS = 0.1
MOST_ROWS = 12  # rows of a table
MOST_FEATURES = 5


def command(
    env: options.Environment,
    rows: Annotated[int, typer.Option(min=1, help="How many rows, drawn from the whole file.")] = 20,
    file: options.Rows = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Send real rows to the deployed service and show predictions, outliers and drift."""
    with honest(as_json):
        if file is not None:
            check_file(file)

    def work(azure: Azure, root: Path) -> dict[str, Any]:
        return score(azure, options.rows(file, azure.settings, root), rows)

    run(env, as_json, quiet, work, render, imports=STORAGE)


def deployed(azure: Azure) -> dict[str, Any]:
    """Address, release, model and digest of what is deployed. Raises MlopsError when nothing is."""
    environment = azure.estate.environment
    outputs = group.outputs(environment)
    if not outputs.get("address"):
        raise MlopsError(
            f"Nothing is deployed in {environment}: the stack {group.PROJECT}/{environment} has no address.",
            f"Run `mlops deploy --env {environment}`.",
        )
    return outputs


def draw(total: int, wanted: int, seed: int) -> list[int]:
    """`wanted` of `total` positions in a random order that the seed decides; all when there are no more.

    The order matters: a file is often sorted, and its first part would look like drift to the service.
    """
    return random.Random(seed).sample(range(total), min(wanted, total))  # noqa: S311 - not for secrets


def kinds_of(endpoint: Endpoint) -> "dict[str, Kind]":
    """What the deployed model takes for each feature, by the service's own description.

    Raises MlopsError when the service does not give it.
    """
    import httpx

    try:
        answer = endpoint.get("/openapi.json").raise_for_status().json()
        record: dict[str, dict[str, Any]] = answer["components"]["schemas"]["Record"]["properties"]
    except (httpx.HTTPError, ValueError, LookupError) as error:
        raise MlopsError(
            f"The service at {endpoint.address} does not describe its features: {error}.",
            "A csv file has no types of its own: give a parquet file, or deploy again.",
        ) from error
    return {name: _kind(value) for name, value in record.items()}


def _kind(value: dict[str, Any]) -> "Kind":
    if "enum" in value:
        return "whole" if all(isinstance(each, int) for each in value["enum"]) else "text"
    return "whole" if value.get("type") == "integer" else "number"


def read_rows(
    path: Path,
    features: tuple[str, ...],
    rows: int,
    seed: int,
    kinds: "Callable[[], Mapping[str, Kind]] | None" = None,
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Rows of a data set with the model's features only, and their ids by the contract (else positions).

    kinds: what the values of each feature are, asked for csv, which has no types of its own; without it the
    contract says so.
    Raises MlopsError when a feature is missing, or holds what JSON cannot say.
    """
    import pyarrow as pa
    import pyarrow.parquet

    from ml.jobs import csv_table
    from ml.steps import contract

    file = data.inspect(path, features)
    named = contract.ID in file.columns
    columns = (*features, contract.ID) if named and contract.ID not in features else features
    if file.format == "parquet":
        # read_table would import pandas, for half a second, and read folders' names as columns.
        with pyarrow.parquet.ParquetFile(path) as parquet:
            table: Any = parquet.read(columns=list(columns))
    else:
        said = kinds() if kinds else csv_table.kinds_of(contract.FEATURES)
        table = csv_table.read(path, str(path), columns, said)
    chosen = draw(table.num_rows, rows, seed)
    places = pa.py_buffer(array("q", chosen))  # a list would import pandas, too
    table = table.take(pa.Array.from_buffers(pa.int64(), len(chosen), [None, places]))
    ids = list(map(_shown, table.column(contract.ID).to_pylist())) if named else chosen
    values = [_as_json(path, name, table.column(name)) for name in features]
    return [dict(zip(features, row, strict=True)) for row in zip(*values, strict=True)], ids


def _shown(identifier: Any) -> Any:
    return identifier if isinstance(identifier, str | int | float | None) else str(identifier)


def _as_json(path: Path, name: str, column: Any) -> list[Any]:
    """A column's values for JSON, empty ones as null. Raises MlopsError for dates and the like."""
    import pyarrow as pa

    kind: Any = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(kind):
        values = [None if value is None or math.isnan(value) else value for value in values]
        strange = [value for value in values if value is not None and math.isinf(value)]
    else:
        strange = [value for value in values if not isinstance(value, str | int | None)]
    if strange:
        raise MlopsError(
            f"The column {name} of the data set {path} holds {str(strange[0])!r} (type {kind}): "
            "no number or text that a request can say.",
            "Write numbers, or categories of text or whole numbers.",
        )
    return values


def newest_drift(endpoint: Endpoint, report: dict[str, Any]) -> dict[str, Any]:
    """The report of the last answer, or a newer one when that came before the window's first evaluation.

    Waits, for at most DRIFT_SECONDS, while the window has rows enough and no report speaks of it yet.
    Raises httpx.HTTPError when the service refuses or does not answer.
    """
    until = time.monotonic() + DRIFT_SECONDS
    while report.get("status") == "collecting" and time.monotonic() < until:
        answer = endpoint.drift().raise_for_status().json()
        report = answer["report"]
        if answer["window"]["rows"] < report["least_rows"] or report["status"] != "collecting":
            break
        time.sleep(LOOK_SECONDS)
    return report


def check_file(path: Path) -> None:
    """Raises MlopsError when there is no such file. Called before anything is read."""
    if not path.is_file():
        raise MlopsError(f"There is no file {path}.", "Name a parquet or csv file with --file.")


def score(azure: Azure, path: Path, rows: int) -> dict[str, Any]:
    """Send rows in batches. Raises MlopsError with the service's words when it refuses one."""
    import httpx

    from ml import release

    check_file(path)
    with azure.report.phase("finding the deployed service"):
        outputs = deployed(azure)
        features = release.read(azure, str(outputs["release"])).evidence.features
        endpoint = ways.deployed(azure, outputs)
    seed = azure.settings.training.seed
    records, ids = read_rows(path, features, rows, seed, lambda: kinds_of(endpoint))
    predictions: list[Any] = []
    outliers: list[Any] = []
    last: dict[str, Any] = {}
    began = time.perf_counter()
    with azure.report.phase(f"scoring {len(records)} rows of {path} at {endpoint.address}"):
        for start in range(0, len(records), BATCH_ROWS):
            try:
                answer = endpoint.score({"records": records[start : start + BATCH_ROWS]})
            except httpx.HTTPError as error:
                raise MlopsError(
                    f"The service at {endpoint.address} does not answer: {error}.",
                    f"Look at it with `mlops status --env {azure.estate.environment}`, or deploy again.",
                ) from error
            if answer.status_code != 200:
                raise MlopsError(
                    f"The service answered {answer.status_code} to the batch from row {start} on.",
                    "Correct the rows or the service, whichever its words name.",
                    [answer.text[:1000]],
                )
            last = answer.json()
            predictions += last["predictions"]
            outliers += last["outliers"]
    seconds = time.perf_counter() - began
    try:
        drift = newest_drift(endpoint, last.get("drift") or {})
    except httpx.HTTPError as error:
        raise MlopsError(
            f"The service at {endpoint.address} scored the rows and does not say how they drift: {error}.",
            f"Look at it with `mlops status --env {azure.estate.environment}`, or deploy again.",
        ) from error
    return {
        "address": endpoint.address,
        "release": outputs["release"],
        "model": last.get("model"),
        "ids": ids,
        "predictions": predictions,
        "outliers": outliers,
        "drift": drift,
        "seconds": round(seconds, 3),
    }


def _drift(report: Mapping[str, Any]) -> RenderableType:
    """A table of the features that moved most; a line when the window has too few rows."""
    features: Mapping[str, Any] = report.get("features") or {}
    title = (
        f"Drift: {report.get('status')} over {report.get('window_rows')} of {report.get('window_size')} rows"
    )
    if not features:
        return f"{title}; nothing is said below {report.get('least_rows')}."
    if len(features) > MOST_FEATURES:
        title += f", the {MOST_FEATURES} features that moved most"
    rows = table(title, "feature", "PSI", "adjusted p", "drifted")
    ordered = sorted(features.items(), key=lambda item: -float(item[1].get("psi") or 0.0))
    for name, feature in ordered[:MOST_FEATURES]:
        rows.add_row(
            escape(name),
            number(feature.get("psi")),
            f"{feature.get('p_adjusted', 1.0):.3g}",
            "yes" if feature.get("drifted") else "no",
        )
    return rows


def render(answer: Mapping[str, Any]) -> RenderableType:
    """The first rows, then the sums over all rows, then the drift that the service sees."""
    predictions, outliers = answer["predictions"], answer["outliers"]
    title = f"Scores, the first {MOST_ROWS}" if len(predictions) > MOST_ROWS else "Scores"
    rows = table(title, "row", "probability", "label", "outlier score", "outlier")
    shown = zip(answer["ids"], predictions, outliers, strict=True)
    for identifier, prediction, outlier in list(shown)[:MOST_ROWS]:
        flag = "[yellow]yes[/]" if outlier["flag"] else "no"
        rows.add_row(
            str(identifier),
            number(float(prediction["probability"])),
            str(prediction["label"]),
            number(float(outlier["score"])),
            flag,
        )
    flagged = sum(1 for outlier in outliers if outlier["flag"])
    positive = sum(1 for prediction in predictions if prediction["label"])
    model = answer.get("model") or {}
    summary = (
        f"{len(predictions)} rows in {answer['seconds']} s by {model.get('name')}:{model.get('version')}: "
        f"label 1 for {positive}, {flagged} flagged as outliers"
    )
    parts: list[RenderableType] = [rows, summary, f"from {answer['address']}"]
    if answer.get("drift"):
        parts.append(_drift(answer["drift"]))
    return Group(*parts)
