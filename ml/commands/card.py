"""`mlops card`: the model card that was registered with a model version."""

import json
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml import output as output_place
from ml.errors import MlopsError
from ml.steps.card import CARD, PAGE
from ml.steps.compare import override
from ml.steps.digits import told_apart
from ml.terminal import options, preflight
from ml.terminal.console import DECIMALS, facts, number, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.azure.models import ModelVersion


def command(
    env: options.Environment,
    model: options.Model = "latest",
    output: Annotated[Path | None, typer.Option(help="Write the card's page (HTML) to this file.")] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the card's page in the browser.")] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Show the card of a registered model: what it is for, how good, how fair, how fast, and its bounds."""
    with honest(as_json):
        preflight.check_model(model)
        if output is not None:
            output_place.check_file("--output", output)
    run(env, as_json, quiet, lambda azure, root: card(azure, model, output, browse), render)


def card(azure: "Azure", reference: str, output: Path | None, browse: bool) -> dict[str, Any]:
    """The card of NAME:VERSION or `latest`; its page is written to `output`, and opened with `browse`.

    Without `output`, what is opened is a temporary file that stays. Raises MlopsError.
    """
    from ml.azure import models

    if output is not None:
        output_place.check_file("--output", output)
    with azure.report.phase("reading the card"):
        model = models.find(azure, reference)
        content, page = _download(azure, model)
    place = output
    if place is None and browse:
        place = Path(tempfile.mkdtemp(prefix="mlops-")) / PAGE
    if place is not None:
        output_place.write("--output", place, page)
        azure.report.line(f"{place} ({len(page) / 1024:.0f} KiB)")
    if browse and place is not None and not webbrowser.open(place.resolve().as_uri()):
        azure.report.warn(f"no browser could be opened: open {place} yourself")
    return {
        "model": model.reference,
        "page": str(place) if place else None,
        "override": model.tags.get(override.TAG),
        "started": started(model.properties),
        "card": content,
    }


def started(properties: Mapping[str, str]) -> str | None:
    """What started the training of a model version, and why; None for one of before that was recorded."""
    from ml.steps.register.registration import LINEAGE_PROPERTY

    by = properties.get(f"{LINEAGE_PROPERTY}started_by")
    if by is None:
        return None
    event = properties.get(f"{LINEAGE_PROPERTY}event")
    return (
        f"by {by}{f' ({event})' if event else ''}: {properties.get(f'{LINEAGE_PROPERTY}reason', 'unknown')}"
    )


def _download(azure: "Azure", model: "ModelVersion") -> tuple[dict[str, Any], bytes]:
    from ml.azure import models

    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        models.download(azure, model, Path(scratch))
        found = sorted(Path(scratch).rglob(CARD))
        if len(found) != 1 or not found[0].with_name(PAGE).is_file():
            raise MlopsError(
                f"{model.reference} was registered without a card.",
                "Name a version that was trained with this code, or train again.",
            )
        return json.loads(found[0].read_text(encoding="utf-8")), found[0].with_name(PAGE).read_bytes()


def render(answer: Mapping[str, Any]) -> RenderableType:
    """The first figures of a model's card, and its bounds."""
    found = answer["card"]
    threshold, outliers, drift = found["threshold"], found["outliers"], found["drift"]
    flagged = f"{outliers['share']:.2%} of clean rows flagged, {outliers['stated_share']:.0%} meant"
    shown = facts(
        f"Card of {answer['model']}",
        {
            "estimator": found["model"]["estimator"],
            "ROC AUC, log loss": f"{found['metrics']['roc_auc']:.4f}, {found['metrics']['log_loss']:.4f}",
            "calibration error": number(found["calibration"]["error"]),
            "threshold": f"{threshold['decision']:.4f}; errors cost {number(threshold['cost'])} a row there",
            "outliers": flagged,
            "drift alarms": _alarms(drift),
            "most important": ", ".join(each["feature"] for each in found["importance"]["features"][:5]),
            "data": found["lineage"].get("data_asset", ""),
            **({"started": answer["started"]} if answer.get("started") else {}),
            **({"override": answer["override"]} if answer.get("override") else {}),
            **({"page": answer["page"]} if answer["page"] else {}),
        },
    )
    bounds = table("Bounds of registration", "bound", "limit", "found", "")
    for each in found["bounds"]:
        verdict = "[green]holds[/]" if each["holds"] else "[bold red]broken[/]"
        measured, limit = told_apart(each["found"], each["limit"], DECIMALS)
        bounds.add_row(escape(each["name"]), limit, measured or number(None), verdict)
    return Group(shown, bounds)


def _alarms(drift: Mapping[str, Any]) -> str:
    if drift["false_alarms"] is None:
        return "not measured: fewer test rows than a window holds"
    return f"{drift['false_alarms']:.1%} of clean windows, {drift['power']:.1%} of shifted"
