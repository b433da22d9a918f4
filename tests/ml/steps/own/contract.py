"""Three features of customers who stay or leave; put in place of ml/steps/contract.py."""

from scoring.model.schema import CategoryFeature, Feature, NumberFeature, Schema

ID, LABEL = "customer", "churned"
LABEL_VALUES = (0, 1)
MINIMUM_ROWS = 1_000
MINIMUM_CLASS_SHARE = 0.02
FEATURES: tuple[Feature, ...] = (
    NumberFeature("tenure", "months since the first contract", 0, 600, integer=True),
    NumberFeature("online_share", "share of contacts that were online", 0, 1, integer=False),
    CategoryFeature("plan", "tariff", ("basic", "plus", "family")),
)
SCHEMA = Schema(FEATURES)
COLUMNS = (ID, *SCHEMA.names, LABEL)
