"""What people say of the data set, whose columns are in contract.py: change both files together.

The card takes all its words about the data from here, and the bounds of [bounds] in settings.toml know the
attributes from here.
"""

from __future__ import annotations

from ml.steps.attribute import Attribute

# The fingerprint of the columns that these words were written for. When the contract's columns change, the
# next training says so and names the new one: read all that stands here again, then set it.
CONTRACT = "5535632ab146"

# Label 1 and label 0 as what a row did ("the share that defaulted"), and label 1 as what comes or does not
# ("a default that was not foreseen").
POSITIVE, NEGATIVE, EVENT = "defaulted", "paid", "a default"
LABEL_MEANING = "What is predicted, “defaulted”: the bill of the next month, October 2005, was not paid."
SOURCE = (
    "Default of Credit Card Clients, I-Cheng Yeh, UCI Machine Learning Repository, 2009, CC BY 4.0, "
    "doi:10.24432/C55S3H."
)

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
)

# The groups of people among whom the model is compared, by a column of the contract: a category or whole
# numbers. None at all: {}.
ATTRIBUTES: dict[str, Attribute] = {
    "sex": Attribute("sex", {"female": "women", "male": "men"}, "other"),
    "education": Attribute(
        "education", {1: "graduate school", 2: "university", 3: "high school"}, "other or undocumented"
    ),
    "marriage": Attribute("marriage", {1: "married", 2: "single"}, "other or undocumented"),
    "age_group": Attribute(
        "age",
        {
            **dict.fromkeys(range(18, 30), "18 to 29"),
            **dict.fromkeys(range(30, 40), "30 to 39"),
            **dict.fromkeys(range(40, 50), "40 to 49"),
            **dict.fromkeys(range(50, 60), "50 to 59"),
        },
        "60 and older",
    ),
}
