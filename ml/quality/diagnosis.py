"""What the figures of a day say, in words: which of them calls for a person, and which for a training."""

from __future__ import annotations

from ml.quality.report import RETRAIN, Diagnosis, FeatureReport, Measured, Value, Verdict

NAMED = 5  # features in a sentence


def diagnose(
    features: tuple[FeatureReport, ...],
    estimated: Value | None,
    loss_expected: bool,
    loss_measured: bool,
    measured: Measured | None,
) -> Diagnosis:
    """One verdict. What is broken upstream comes first, since it explains what else is seen."""
    by_status = {
        status: tuple(each.name for each in features if each.status == status)
        for status in ("drifted", "broken", "season")
    }
    drifted, broken, season = by_status["drifted"], by_status["broken"], by_status["season"]
    concept = measured is not None and any(test.alarm for test in (measured.ranking, measured.level) if test)
    if broken:
        faults = "; ".join(f"{each.name}: {each.fault}" for each in features if each.status == "broken")
        return _said(
            "broken column",
            f"{faults}. Mend it where the rows are made: a training would learn the fault. "
            f"{_concept_words(measured) if concept else ''}".strip(),
            broken,
        )
    if concept and measured is not None:
        verdict: Verdict = "covariate shift and concept drift" if drifted else "concept drift"
        beside = (
            f" {_named(drifted)} moved as well."
            if drifted
            else " No feature moved: what the features mean for the label has changed."
        )
        return _said(verdict, _concept_words(measured) + beside, drifted)
    if loss_expected and drifted:
        return _said(
            "covariate shift with loss",
            f"{_named(drifted)} moved to rows that the model tells apart less well: an ROC AUC of "
            f"{_interval(estimated)} is expected. Labels that came do not speak of another relation.",
            drifted,
        )
    if loss_measured and measured is not None:
        return _said(
            "loss",
            f"The ROC AUC of labelled rows is {_interval(measured.metrics.get('roc_auc'))}, below that of "
            f"the test rows; their probabilities expected {_interval(measured.estimated.get('roc_auc'))}. "
            "Whether the rows or the relation to the label changed, so many labels cannot tell.",
            drifted,
        )
    if drifted:
        return _said(
            "covariate shift",
            f"{_named(drifted)} moved against the training rows; the expected ROC AUC of "
            f"{_interval(estimated)} is not below that of the test rows. Watch the labels: whether the "
            "relation to the label has changed as well, only they can say.",
            drifted,
        )
    if season:
        return _said(
            "season", f"{_named(season)} differ from training as they did at this time last year.", season
        )
    if not features or all(each.status in ("too few rows", "not kept") for each in features):
        return _said("too few rows", "Too few rows to say anything.", ())
    return _said("as in training", "Nothing differs from training by more than chance allows.", ())


def _said(verdict: Verdict, words: str, features: tuple[str, ...]) -> Diagnosis:
    return Diagnosis(verdict=verdict, words=words, features=features, retrain=verdict in RETRAIN)


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _interval(value: Value | None) -> str:
    return "an unknown size" if value is None else f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def _concept_words(measured: Measured | None) -> str:
    if measured is None:
        return ""
    parts: list[str] = []
    if measured.ranking and measured.ranking.alarm:
        parts.append(
            f"labels give an ROC AUC of {_interval(measured.metrics.get('roc_auc'))} where the probabilities "
            f"expected {_interval(measured.estimated.get('roc_auc'))}"
        )
    if measured.level and measured.level.alarm:
        more = "fewer" if measured.level.value > 0 else "more"
        parts.append(f"{abs(measured.level.value):.1%} of the rows {more} than expected have label 1")
    return f"Over {measured.span.rows} labelled rows {', and '.join(parts)}."
