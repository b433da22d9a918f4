"""What a card says about a model's use: written by people, not measured."""

INTENDED_USE = (
    "Ranks holders of a credit card by the probability that they do not pay their next bill, so that people "
    "can look at the riskiest accounts first.",
    "Answers one account or a batch at a time, with an outlier flag for rows that look like none before, and "
    "with the drift of the latest rows.",
)
LIMITS = (
    "Learned from and judged on 30,000 card holders of one bank in Taiwan, from April to September 2005. "
    "Other banks, countries, products and times are not covered: train on data of your own before any use.",
    "Sex, education, marital status and age are inputs of the model. In many jurisdictions credit decisions "
    "may not depend on some of them: ask counsel, and drop the columns where the law says so.",
    "No decision about a person should rest on this score alone. The threshold weighs errors by stated "
    "costs; whoever uses it owns these costs.",
    "An explanation says what moved the score. It names no cause, and no way to another score.",
    "Fairness is measured for the groups below and no others. Rates of small groups are mostly chance: "
    "groups with fewer than {least} rows of either label are shown, not compared.",
)
FAIRNESS = (
    "TPR, the true positive rate: the share of those who defaulted that is flagged. FPR, the false positive "
    "rate: the share of those who paid that is flagged.",
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
}
DATA_SOURCE = (
    "Default of Credit Card Clients, I-Cheng Yeh, UCI Machine Learning Repository, 2009, CC BY 4.0, "
    "doi:10.24432/C55S3H."
)
DATA_LABEL = "What is predicted, “defaulted”: the bill of the next month, October 2005, was not paid."
