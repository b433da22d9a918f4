"""The section on how much each feature matters."""

from __future__ import annotations

from ml.steps.card.html import figure, paragraph, table
from ml.steps.card.pictures import MOST_FEATURES
from ml.steps.card.sections import Card
from ml.steps.card.sections.quality import Pictures


def importance(card: Card, pictures: Pictures) -> str:
    found = card["importance"]
    meanings = {each["feature"]: each["description"] for each in card["data"]["features"]}
    text = paragraph(
        "How far a feature moves the log odds of a row on average (mean absolute Shapley value), and how "
        "much the ROC AUC falls when the feature's values are dealt out anew among the rows. Features that "
        "say the same share the first and may each lack the second."
    )
    rows = (
        (
            each["feature"],
            meanings[each["feature"]].partition(":")[0],
            f"{each['mean_abs_shap']:.3f}",
            f"{each['auc_lost']:.4f}",
            f"{each['auc_lost_deviation']:.4f}",
            f"{each['log_loss_gained']:.4f}",
        )
        for each in found["features"]
    )
    headings = ("feature", "meaning", "mean |SHAP|", "ROC AUC lost", "± (repeats)", "log loss gained")
    importances = figure(
        pictures["importance"],
        f"The {min(MOST_FEATURES, len(found['features']))} most important features, on test rows; the line "
        f"on a bar is one standard deviation among {found['repeats']} repeats",
    )
    curves = figure(
        pictures["dependence"],
        "Partial dependence: the mean probability of test rows when one feature has this value in all of "
        "them; numbers from their 1% to their 99% quantile",
    )
    return text + importances + curves + table("All features", headings, rows, text=(1,))
