"""`mlops collect`: what the scoring service kept goes into the table of answers."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType

from ml.terminal import options
from ml.terminal.console import facts, table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.kept.place import KeptPlace


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Take what the scoring service answered into the table of answers, and remove what is too old.

    Each part that a replica wrote is taken once, whenever this is killed, and however many run at once. Parts
    that cannot be taken are put aside, with the reason.
    """
    run(env, as_json, quiet, collect, render)


def place_of(azure: "Azure") -> "KeptPlace":
    """Where the estate keeps answers. Raises MlopsError when it has no data lake."""
    from ml.errors import MlopsError
    from ml.kept.place import in_lake

    estate = azure.estate
    if estate.data_lake is None:
        raise MlopsError(
            f"{estate.environment} has no data lake, so no answers are kept there.",
            f"Set dataLake in Pulumi.{estate.environment}.yaml and run `pulumi up -s {estate.environment}`.",
        )
    return in_lake(estate.data_lake, azure.credential)


def collect(azure: "Azure", root: Path) -> dict[str, Any]:
    from ml.forget.places import place as held
    from ml.kept.collect import collect as take

    place, days = place_of(azure), held("answers").kept.days(azure.settings)
    with azure.report.phase(f"taking kept answers of {azure.estate.environment}"):
        done = take(place, days)
    return {"environment": azure.estate.environment, "retention_days": days, **asdict(done)}


def render(answer: Mapping[str, Any]) -> RenderableType:
    said = {
        "parts taken": answer["parts"],
        "rows taken": answer["rows"],
        "rows too old": answer["expired"],
        "rows of erased people": answer["erased"],
        "parts taken before": answer["repeated"],
        "rows removed after their time": answer["removed_rows"],
        "files removed": answer["removed_files"],
    }
    shown: list[RenderableType] = [facts("Kept answers", said)]
    if aside := answer["quarantined"]:
        listed = table("Put aside", "file", "why")
        for name, why in aside.items():
            listed.add_row(name, why)
        shown.append(listed)
    if again := answer["reopened"]:
        listed = table("Erasures that are under way again: run their `mlops forget` once more", "record")
        for name in again:
            listed.add_row(name)
        shown.append(listed)
    return Group(*shown)
