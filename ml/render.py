"""The results of the commands as tables."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.console import facts, table
from ml.steps.digits import told_apart

MOST_ROWS = 12
MOST_FEATURES = 5
DECIMALS = 4
# What is shown of a registered model: column -> its tag; --json has all tags.
MODEL_TAGS = {
    "model": "model",
    "estimator": "estimator",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "release": "{release}",
}


def number(value: Any) -> str:
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else "-" if value is None else str(value)


def numbers(value: Any) -> dict[str, Any]:
    """The numbers of an object; everything else in it is left out."""
    if not isinstance(value, Mapping):
        return {}
    return {str(k): v for k, v in value.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def training(answer: Mapping[str, Any]) -> RenderableType:
    """The outcome, and the metrics beside the champion's."""
    job = f"job {answer['job']}" + (" (found by its content, not trained again)" if answer["reused"] else "")
    if "registered" not in answer:
        return f"{job}: {answer['status']}. The same command without --no-wait follows it."
    decision = answer["decision"]
    outside = answer.get("broken_bounds") or []
    if answer["registered"]:
        headline = f"[bold green]registered {escape(str(answer['model']))}[/]"
    else:
        headline = f"[bold yellow]{'outside its bounds' if outside else 'not better'}: skipped[/]"
    champion = decision.get("champion")
    title = f"champion (version {decision.get('champion_version')})" if champion is not None else "champion"
    rows = table("Metrics on the fixed test rows", "metric", "this model", title)
    before = champion if isinstance(champion, Mapping) else {decision.get("metric"): champion}
    for name, value in numbers(answer["metrics"]).items():
        marked = f"[bold]{escape(name)}[/]" if name == decision.get("metric") else escape(name)
        rows.add_row(marked, number(value), number(before.get(name)))
    lines: list[RenderableType] = [headline, f"{escape(str(answer.get('reason') or ''))}", f"[dim]{job}[/]"]
    return Group(*[line for line in lines if line], rows)


def sweep(answer: Mapping[str, Any]) -> RenderableType:
    """The trials, the best first, and what to write into the settings to begin a training with its values."""
    job = f"job {answer['job']}" + (" (found by its content, not run again)" if answer["reused"] else "")
    if "best" not in answer:
        return f"{job}: {answer['status']}. The same command without --no-wait follows it."
    best = answer["best"]
    rows = table(f"Trials, {answer['goal']} {answer['metric']}", "trial", "value", "values")
    for trial in answer["trials"]:
        value = trial["status"] if trial["value"] is None else f"{trial['value']:.5f}"
        values = ", ".join(f"{name} {number:.4g}" for name, number in trial["values"].items())
        shown = escape(trial["trial"].rsplit("_", 1)[-1])
        marked = f"[bold green]{shown} best[/]" if trial["trial"] == best["trial"] else shown
        rows.add_row(marked, value, values)
    taken = "\n".join(f"{name} = {value}" for name, value in best["values"].items())
    advice = (
        "To begin the next training's search with the best values,\n"
        "put these in place of what stands under \\[tuning.start] in ml/settings.toml:"
    )
    return Group(rows, f"[dim]{job}[/]", advice, taken)


def card(answer: Mapping[str, Any]) -> RenderableType:
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


def deployment(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        "Deployed",
        {
            "address": answer["address"],
            "release": answer["release"],
            "model": answer["model"],
            "image": f"{answer['digest']} ({'built now' if answer['built'] else 'built before'})",
            "smoke tests": f"{len(answer['smoke_tests'])} passed: {', '.join(answer['smoke_tests'])}",
        },
    )


def removal(answer: Mapping[str, Any]) -> RenderableType:
    done = "The service was removed" if answer["removed"] else "No service is deployed"
    return f"{done} in {answer['environment']}."


def _drift(report: Mapping[str, Any]) -> RenderableType:
    """The features that have moved most; a line when the window does not speak yet."""
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


def scores(answer: Mapping[str, Any]) -> RenderableType:
    """The first rows, then what all of them come to, then the drift that the service sees."""
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


def _models(answer: Mapping[str, Any]) -> RenderableType:
    if not answer["models"]:
        train = f"mlops train --env {answer['environment']}"
        return f"No model is registered in {answer['workspace']}. `{train}` makes the first one."
    models = table(f"Registered in {answer['workspace']}", *MODEL_TAGS)
    for item in answer["models"]:
        tags: Mapping[str, str] = {"model": item["model"], **item["tags"]}
        release = f"release-{answer['environment']}"
        models.add_row(
            *(escape(str(tags.get(tag.format(release=release), "-"))) for tag in MODEL_TAGS.values())
        )
    return Group(models, *(_overridden(item) for item in answer["models"] if "override" in item["tags"]))


def _overridden(item: Mapping[str, Any]) -> str:
    """A line of its own: in a column, a reason would break the names beside it."""
    return escape(f"{item['model']} was not better and is registered by override: {item['tags']['override']}")


def state(answer: Mapping[str, Any]) -> RenderableType:
    models, deployed = _models(answer), answer["deployed"]
    if deployed is None:
        return Group(models, f"Nothing is deployed in {answer['environment']}.")
    return Group(models, facts(f"Deployed in {answer['environment']}", deployed))
