"""`mlops features show`: which feature tables there are; one with what it holds and how it is made."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.syntax import Syntax

from ml.commands.features import common
from ml.terminal import options
from ml.terminal.console import facts, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.definition import FeatureTable
    from ml.features.place import Features

BARS = "▁▂▃▄▅▆▇█"


def command(
    env: options.Environment,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A feature table.", show_default="a list of all")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="The latest features of this key, too.", show_default=False),
    ] = None,
    tables: common.Tables = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Show which feature tables there are; with a name, whose it is, what it holds, and how it is made."""
    with honest(as_json):
        common.check_definitions([name] if name else [])
    run(env, as_json, quiet, lambda azure, root: show(azure, name, key, tables), render)


def show(azure: "Azure", name: str | None, key: str | None, tables: str | None) -> dict[str, Any]:
    from ml.features.definition import chosen

    place = common.place(azure, tables)
    found = [_told(one, place) for one in chosen([name] if name else [])]
    answer: dict[str, Any] = {"environment": azure.estate.environment, "tables": found}
    if name is not None:
        (one,) = chosen([name])
        answer["profile"] = _profiles(one, place, azure.settings.features.memory_gb)
        answer["row"] = None if key is None else _row(one, place, key, azure.settings.features.memory_gb)
    return answer


def _told(one: "FeatureTable", place: "Features") -> dict[str, Any]:
    opened = place.open(one)
    return {
        **one.model_dump(mode="json"),
        "where": place.folder(one),
        "built": None if opened is None else opened.built,
        "delta_version": None if opened is None else opened.history.version(),
    }


def _profiles(one: "FeatureTable", place: "Features", memory_gb: float) -> dict[str, Any]:
    from dataclasses import asdict

    from ml.features.check import profiles

    return {name: asdict(profile) for name, profile in profiles(one, place, memory_gb).items()}


def _row(one: "FeatureTable", place: "Features", key: str, memory_gb: float) -> dict[str, Any]:
    """Raises MlopsError for a key of another kind than the table's."""
    import datetime as dt

    from ml.errors import MlopsError
    from ml.features.training import Choice, serving, usable

    if len(one.key) != 1:
        raise MlopsError(
            f"{one.name} has the key {', '.join(one.key)}: no one value names a row.", "Leave --key out."
        )
    kind = str(usable(place, one).schema().field(one.key[0]).type)
    try:
        value = int(key) if kind == "int64" else key
        if isinstance(value, int) and value.bit_length() > 63:
            raise ValueError("it is greater than any key")
    except ValueError as error:
        raise MlopsError(
            f"--key: the keys of {one.name} are whole numbers, and {key!r} is none of them.", "Correct it."
        ) from error
    keys, features = [{one.key[0]: value}], [Choice(one, tuple(one.features))]
    (row,) = serving(keys, features, place, dt.datetime.now(dt.UTC), memory_gb)
    return row


def bars(counts: list[int]) -> str:
    """Counts as a small picture, the greatest as a whole block."""
    most = max(counts, default=0)
    return "".join(BARS[min(7, 8 * count // (most + 1))] for count in counts)


def render(answer: Mapping[str, Any]) -> RenderableType:
    """A list of all, or one with everything."""
    if "profile" not in answer:
        shown = table("Feature tables", "table", "what", "key", "features", "owner", "built")
        for one in answer["tables"]:
            built = one["built"]
            shown.add_row(
                f"{one['name']} v{one['version']}",
                escape(one["title"]),
                ", ".join(one["key"]),
                str(len(one["features"])),
                escape(one["owner"]),
                "[yellow]not yet[/]" if built is None else f"{built:%Y-%m-%d %H:%M}",
            )
        return shown
    (one,) = answer["tables"]
    return _one(one, answer)


def _one(one: Mapping[str, Any], answer: Mapping[str, Any]) -> RenderableType:
    known = f"when {one['known_at']} says" if one["known_at"] else f"{one['known_after']} after its event"
    said = facts(
        f"{one['name']} v{one['version']}: {one['title']}",
        {
            "about": one["description"],
            "owner": one["owner"],
            "licence": one["licence"],
            "personal": one["personal"],
            "key": ", ".join(one["key"]),
            "event time": one["event_time"],
            "a row is known": known,
            "it lives": one["time_to_live"] or "until there is a later one",
            "made of": ", ".join(sorted({source["data_set"] for source in one["sources"].values()})),
            "where": one["where"],
            "built": one["built"] or "not yet",
            "version of Delta": one["delta_version"],
        },
    )
    row = answer["row"] or {}
    headings = ["feature", "type", "nulls", "least", "median", "greatest", "latest rows", "what it is"]
    shown = table("Features", *(headings if not row else [*headings, "this key"]))
    for name, feature in one["features"].items():
        profile = answer["profile"].get(name)
        cells = ["-"] * 5
        if profile:
            values = (profile["least"], profile["middle"], profile["greatest"])
            cells = [f"{profile['nulls']:.0%}", *(_short(value) for value in values), bars(profile["bars"])]
        last = [_short(row.get(name))] if row else []
        shown.add_row(name, feature["type"], *cells, escape(feature["description"]), *last)
    sql = Syntax(one["transformation"]["sql"].strip(), "sql", background_color="default", word_wrap=True)
    return Group(said, shown, "[bold]Transformation[/]", sql)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return (
        f"{value:,.6g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )
