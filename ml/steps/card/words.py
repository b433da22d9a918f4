"""The words of a card that hold for any data set. Those about this one are in ml/steps/about.py."""

LIMITS = ("An explanation says what moved the score. It names no cause, and no way to another score.",)
FAIRNESS_LIMIT = (
    "Fairness is measured for the groups below and no others. Rates of small groups are mostly chance: "
    "groups with fewer than {least} rows of either label are shown, not compared."
)
NO_FAIRNESS = "No attribute of people is named for this data set, so no groups are compared."
FAIRNESS = (
    "TPR, the true positive rate: the share of those who {positive} that is flagged. FPR, the false positive "
    "rate: the share of those who {negative} that is flagged.",
    "Equalised odds difference: the greatest difference of TPR or of FPR among groups, whichever is greater. "
    "Demographic parity difference: the greatest difference of the flagged share of all. 0 is no difference.",
)
# What the bounds of registration are about.
BOUNDED = {
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "outlier_share_deviation": "flagged share of clean rows, distance from the stated one",
    "equalised_odds_difference": "equalised odds difference",
    "demographic_parity_difference": "demographic parity difference",
}
ESTIMATORS = {
    "hist_gradient_boosting": "Gradient boosting",
    "random_forest": "Random forest",
    "logistic_regression": "Logistic regression",
    "lightgbm": "Gradient boosting by LightGBM",
    "continued_boosting": "The earlier model, continued",
}
