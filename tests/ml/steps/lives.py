"""The life of a model of any contract, from a data file to a service that starts, in one process.

The steps take their contract from the module ml.steps.contract when they are imported: for each contract
anew, in a process that does nothing else.
"""

import contextlib
import importlib
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import orjson
import pandas as pd

from scoring.assembly import assemble
from scoring.http.openapi import document
from scoring.model import artifact as artifacts
from scoring.model.schema import CategoryFeature, Feature, Schema
from scoring.settings import read
from tests.ml.steps.own import about as words

ROWS = 400
LINEAGE = ("model-name", "data-asset", "data-sha256", "code-commit", "environment")


@dataclass(frozen=True)
class Contract:
    identifier: str
    label: str
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Case:
    """A contract, and how its rows are made: `constant` features have one value in the training."""

    contract: Contract
    seed: int
    kind: str  # of the file
    constant: bool


def rows_of(case: Case) -> pd.DataFrame:
    """Random rows, with labels of them: limits of numbers, first and last categories are among them."""
    random = np.random.default_rng(case.seed)
    columns: dict[str, Any] = {case.contract.identifier: np.arange(ROWS) * 7}
    signal = random.normal(size=ROWS)
    for feature in case.contract.features:
        shares = random.random(ROWS) ** random.choice([0.5, 1.0, 4.0])
        shares[:2] = 0, 1
        if case.constant:
            shares[:] = 0.5
        signal += shares * random.normal()
        columns[feature.name] = _values(feature, shares)
    label = np.argsort(np.argsort(signal)) >= 0.7 * ROWS
    return pd.DataFrame({**columns, case.contract.label: label.astype(np.int8)})


def _values(feature: Feature, shares: np.ndarray) -> list[Any]:
    if isinstance(feature, CategoryFeature):
        last = len(feature.categories) - 1
        return [feature.categories[min(int(share * (last + 1)), last)] for share in shares]
    low, high = float(feature.minimum), float(feature.maximum)
    values = np.clip(low * (1 - shares) + high * shares, low, high)
    values[shares == 1] = high
    if not feature.integer:
        return values.tolist()
    least, most = int(np.ceil(low)), int(np.floor(high))
    return [min(max(int(value), least), most) for value in values]


def live(case: Case) -> str:
    """Trains, describes, registers and starts. Returns the model's digest; raises where anything fails."""
    definition = adopt(case.contract)
    definition.check()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        model = _registered(case, directory)
        settings = read({"MODEL_DIR": str(model), "SCORING_ALLOW_ANONYMOUS": "true"})
        assemble(settings)  # tests itself on the artifact's samples
        artifact = artifacts.load(model)
        orjson.loads(orjson.dumps(document(artifact, settings.limits)))
        return artifact.digest


def adopt(contract: Contract) -> Any:
    """Puts contract and words in the place of the repository's own; the module ml.steps.definition."""
    for name in [name for name in sys.modules if name == "ml" or name.startswith("ml.")]:
        del sys.modules[name]
    module, schema = ModuleType("ml.steps.contract"), Schema(contract.features)
    module.__dict__.update(
        ID=contract.identifier,
        LABEL=contract.label,
        LABEL_VALUES=(0, 1),
        MINIMUM_ROWS=100,
        MINIMUM_CLASS_SHARE=0.02,
        FEATURES=contract.features,
        SCHEMA=schema,
        COLUMNS=(contract.identifier, *schema.names, contract.label),
    )
    said = ModuleType("ml.steps.about")
    said.__dict__.update({name: value for name, value in vars(words).items() if name.isupper()})
    steps = importlib.import_module("ml.steps")
    for name, made in (("contract", module), ("about", said)):
        sys.modules[f"ml.steps.{name}"] = made
        setattr(steps, name, made)
    definition = importlib.import_module("ml.steps.definition")
    said.__dict__["CONTRACT"] = definition.fingerprint(contract.identifier, contract.label, contract.features)
    return definition


def _registered(case: Case, directory: Path) -> Path:
    """The directory of the artifact that a registry is given."""
    place = {name: str(directory / name) for name in ("prepared", "validated", "model", "evaluation", "card")}
    origin = [word for name in LINEAGE for word in (f"--{name}", "x")]
    _step(
        "prepare", "--raw", _written(case, directory), "--test-fraction=0.3", "--prepared", place["prepared"]
    )
    _step("validate", "--prepared", place["prepared"], "--validated", place["validated"])
    small = ("--seed=3", "--trials=1", "--max-iter=10")
    _step("train", "--validated", place["validated"], *small, "--model", place["model"])
    both = ("--model", place["model"], "--validated", place["validated"])
    _step("evaluate", *both, "--evaluation", place["evaluation"])
    _step("card", *both, "--bounds=none", "--card", place["card"], *origin)
    return _register(directory)


def _step(name: str, *arguments: str) -> None:
    main = importlib.import_module(f"ml.steps.{name}.main").main
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(list(arguments))
    if code != 0:
        raise AssertionError(said.getvalue())


def _written(case: Case, directory: Path) -> str:
    """The rows as a file, as `mlops train` uploads it."""
    data = importlib.import_module("ml.jobs.data")
    columns = importlib.import_module("ml.jobs.columns")
    path, rows = directory / f"raw.{case.kind}", rows_of(case)
    if case.kind == "csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path)
    file = data.inspect(path)
    columns.check(file)
    return str(data.as_parquet(file, directory).path)


def _register(directory: Path) -> Path:
    """What the step register writes for a registry, kept here."""
    registration = importlib.import_module("ml.steps.register.registration")
    files = importlib.import_module("ml.steps.files")

    class Registry:
        def versions(self, name: str) -> list[Any]:
            return []

        def register(self, name: str, model: Path, **described: Any) -> Any:
            kept.append(model.rename(directory / "registered"))
            assert all(len(value) <= 256 for value in described["tags"].values())
            return importlib.import_module("ml.steps.registry").RegisteredModel(name, "1", {}, {})

    kept: list[Path] = []
    found = registration.register(
        Registry(),
        artifacts.load(directory / "model"),
        files.read_json(directory / "evaluation" / "metrics.json"),
        {"accepted": True, "reason": "the first", "bounds": []},
        "own",
        registration.Lineage("x", "x", "x", "x", "job", "pipeline"),
        directory / "card",
    )
    assert found.registered
    return kept[0]
