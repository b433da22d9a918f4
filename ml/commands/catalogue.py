"""`mlops catalogue`: one page of data sets, features and models."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

To = Annotated[
    Path, typer.Option("--to", metavar="FILE", help="The page; its data, .json, is put beside it.")
]
Open = Annotated[bool, typer.Option("--open", help="Show the page in the browser.")]


def command(
    env: options.Environment,
    to: To = Path("catalogue.html"),
    show: Open = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write one page of data sets, features and models: owner, licence, lineage, and what is personal."""
    run(env, as_json, quiet, lambda azure, root: catalogue(azure, root, to, show), render)


def catalogue(azure: "Azure", root: Path, to: Path, show: bool) -> dict[str, Any]:
    import json
    import webbrowser

    from ml import output
    from ml.catalogue import page, sets
    from ml.commands.status import registered_models
    from ml.features.definition import read_all
    from ml.steps import about, contract

    output.check_page("--to", to)
    described = sets.read()
    models = registered_models(azure)
    told = None if models is None else [_model(one) for one in models]
    tables = list(read_all().values())
    found = page.catalogue(
        azure.estate.environment, described, contract.FEATURES, about.ATTRIBUTES, told, tables
    )
    output.write_page("--to", to, page.html(found), json.dumps(found, indent=1))
    if show and not webbrowser.open(to.resolve().as_uri()):
        azure.report.warn(f"no browser could be opened: open {to} yourself")
    return {**found, "page": str(to)}


def _model(model: Any) -> dict[str, Any]:
    """A registered model's name, tags, and what it was made of, which never changes."""
    from ml.steps.register.registration import LINEAGE_PROPERTY as prefix

    properties: dict[str, str] = dict(model.properties or {})
    lineage = {key.removeprefix(prefix): value for key, value in properties.items() if key.startswith(prefix)}
    return {"model": f"{model.name}:{model.version}", "tags": dict(model.tags or {}), "lineage": lineage}


def render(answer: Mapping[str, Any]) -> RenderableType:
    models = answer["models"]
    return facts(
        "Data catalogue",
        {
            "page": answer["page"],
            "data sets": len(answer["data_sets"]),
            "features": len(answer["features"]),
            "feature tables": len(answer["feature_tables"]),
            "models": "may not be read" if models is None else len(models),
        },
    )
