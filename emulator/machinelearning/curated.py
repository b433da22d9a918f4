"""Knows what stands in here for environments that Azure ML keeps in its registry ``azureml``.

They are images with CUDA, conda and packages that no newer Python has. What stands in has the libraries that
the environment is named for; each row says of which version it is read, where and when.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
REFERENCE: Final = re.compile(
    r"(?:azureml:)?(?://)?registries/(?P<registry>[^/]+)/environments/(?P<name>[^/:@]+)"
    r"(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+)|:(?P<short>[^/:@]+)|@(?P<at>[^/:@]+))?",
    re.IGNORECASE,
)
OLD: Final = re.compile(
    r"azureml:(?P<name>azureml-[^:/@]+)(?::(?P<version>[^:/@]+)|@(?P<label>[^/:@]+))?", re.I
)
REGISTRY: Final = "azureml"
LABELS: Final = ("latest", "default")
SOURCE: Final = "github.com/Azure/azureml-assets assets/training/general/environments"


@dataclass(frozen=True, slots=True)
class Row:
    """One environment: ``python`` as a conda file has it, pip packages, what it is read from and when."""

    name: str
    version: str  # the commit of the file it is read from; the versions of Azure ML count its builds
    packages: tuple[str, ...]
    python: str
    source: str
    date: str


TRACKING: Final = ("mlflow-skinny==3.15.0", "azureml-mlflow==1.62.0.post6")
SKLEARN_15: Final = ("scikit-learn==1.5.2", "pandas==2.2.3", "numpy==2.1.3", "scipy==1.14.1")
OLDER: Final = ("pandas==1.3.5", "numpy==1.22.4", "scipy==1.10.1", "joblib==1.2.0", "matplotlib==3.5.3")

# fmt: off
ROWS: Final = (
    Row("sklearn-1.5", "0038cd4e",
        (*SKLEARN_15, "joblib==1.4.2", "matplotlib==3.9.4", "psutil==7.0.0", "tqdm==4.67.1", *TRACKING),
        ">=3.11,<3.14", f"{SOURCE}/sklearn-1.5/context/conda_dependencies.yaml", "2026-11-29"),
    Row("sklearn-1.1", "018d7fa2", ("scikit-learn==1.1.3", *OLDER), "=3.9",
        f"{SOURCE}/sklearn-1.1/context/conda_dependencies.yaml", "2026-11-29"),
    Row("sklearn-1.0", "018d7fa2", ("scikit-learn==1.0.2", *OLDER), "=3.9",
        f"{SOURCE}/sklearn-1.0/context/conda_dependencies.yaml", "2026-11-29"),
    Row("lightgbm-3.3", "09170d52", ("lightgbm==4.6.0", "xgboost==1.7.6", *SKLEARN_15, *TRACKING),
        ">=3.11,<3.14", f"{SOURCE}/lightgbm-3.3/context/conda_dependencies.yaml", "2026-11-29"),
    Row("tensorflow-2.16-cuda12", "17028d1b",
        ("tensorflow==2.16.2", "tf-keras==2.16.0", "pandas==2.2.2", "numpy==1.26.4", *TRACKING),
        ">=3.10,<3.13", f"{SOURCE}/tensorflow-2.16-cuda12/context/conda_dependencies.yaml", "2026-11-29"),
    Row("acpt-pytorch-2.2-cuda12.1", "01da807f", ("torch==2.2.2", "numpy==1.26.4", *TRACKING),
        ">=3.10,<3.13", f"{SOURCE}/acpt-pytorch-2.2-cuda12.1/context/requirements.txt", "2026-11-29"),
    Row("acpt-pytorch-2.8-cuda12.6", "0103fd16", ("torch==2.8.0", "transformers==4.57.1", *TRACKING),
        ">=3.10,<3.14", f"{SOURCE}/acpt-pytorch-2.8-cuda12.6/context/requirements.txt", "2026-11-29"),
    Row("mldesigner", "0.1.0b23", ("mldesigner==0.1.0b23", *TRACKING), ">=3.10,<3.14",
        "mldesigner 0.1.0b23, _constants.py: CuratedEnv", "2026-11-29"),
    Row("mldesigner-minimal", "0.1.0b23", ("mldesigner==0.1.0b23",), ">=3.10,<3.14",
        "mldesigner 0.1.0b23, _constants.py: CuratedEnv", "2026-11-29"),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reference asks for; ``version`` is "" for the latest."""

    registry: str
    name: str
    version: str


def asked(reference: str) -> Asked | None:
    """What a reference to a registry's or a curated environment asks for; None for any other reference."""
    if match := REFERENCE.fullmatch(reference):
        version, label = match["version"] or match["short"], match["label"] or match["at"]
        return Asked(match["registry"], match["name"], version or _of_label(label))
    if match := OLD.fullmatch(reference):
        return Asked(REGISTRY, match["name"], match["version"] or _of_label(match["label"]))
    return None


def environment(asked: Asked) -> Json:
    """The environment (as an ARM resource) that stands in; ValueError says why there is none."""
    if asked.registry.lower() != REGISTRY:
        raise ValueError(
            f"registry {asked.registry!r} is not emulated; register the environment in the workspace"
        )
    row = next((row for row in ROWS if row.name.lower() == asked.name.lower()), None)
    if row is None:
        raise ValueError(
            f"nothing stands in for the curated environment {asked.name!r} here; there is something for "
            f"{', '.join(row.name for row in ROWS)}; or register one of your own (image and conda_file)"
        )
    if asked.version and not asked.version.isdigit():
        raise ValueError(f"curated environment {row.name!r} has no version {asked.version!r}: it is a number")
    dependencies = [f"python{row.python}", "pip", {"pip": list(row.packages)}]
    return {
        "id": f"azureml://registries/{REGISTRY}/environments/{row.name}/versions/{asked.version or 'latest'}",
        "name": asked.version or "latest",
        "type": "Microsoft.MachineLearningServices/registries/environments/versions",
        "properties": {
            "condaFile": json.dumps({"dependencies": dependencies}),
            "description": _said(row, asked),
        },
    }


def notice(environment: Json) -> str:
    """What a job's log says of an environment that another one stands in for; "" for one of the user's."""
    return environment["properties"]["description"] if environment["id"].startswith("azureml://") else ""


def _of_label(label: str | None) -> str:
    return "" if label is None or label.lower() in LABELS else label


def _said(row: Row, asked: Asked) -> str:
    version = f"version {asked.version}" if asked.version else "the latest version"
    held = ", ".join((f"Python {row.python.lstrip('=')}".strip(), *row.packages))
    return (
        f"Curated environment {row.name}, {version}: here a virtual environment stands in for it, with "
        f"{held} (after {row.source} at {row.version}, {row.date})"
    )
