"""The table of kept answers: its columns, from a model's contract."""

from __future__ import annotations

from typing import Final

from ml.errors import MlopsError
from ml.lake.arrow import ArrowSchema, ArrowType
from scoring.model.schema import CategoryFeature, Feature, Schema

CONTAINER: Final = "predictions"  # of the data lake
TABLE: Final = "answers/table"
PARTS_CONTAINER: Final = "answers"
PARTS: Final = "parts"
QUARANTINE: Final = "answers/quarantine"
LABELS_CONTAINER: Final = "tables"
LABELS: Final = "labels/table"
PARTITION: Final = "date"
INDEXED: Final = ("date", "scored_at")
"""The only columns of which the table's log holds least and greatest values: those of a key or a feature
would outlive the rows that they came from."""


def before() -> list[tuple[str, ArrowType]]:
    """The columns in front of the features: whose row it is, and when it was scored."""
    import pyarrow as pa

    return [
        ("request_id", pa.string()),
        ("row", pa.int32()),  # its place in the request, from 0
        ("key", pa.string()),  # the caller's pseudonym of whom the row is about; null when none was sent
        ("scored_at", pa.timestamp("us", "UTC")),
        ("date", pa.date32()),  # of scored_at, in UTC
    ]


def after() -> list[tuple[str, ArrowType]]:
    """The columns behind the features: what was answered, and by what."""
    import pyarrow as pa

    return [
        ("probability", pa.float64()),
        ("label", pa.int8()),
        ("outlier_score", pa.float64()),
        ("outlier", pa.bool_()),
        ("model", pa.string()),  # NAME:VERSION
        ("release", pa.string()),  # r-…; null when no release answered
        ("replica", pa.string()),
        ("batch", pa.string()),  # the run of batch scoring; null when the service answered
    ]


def type_of(feature: Feature) -> ArrowType:
    """How a feature is kept: whole numbers as int64, others as the model's float32, names as text."""
    import pyarrow as pa

    if isinstance(feature, CategoryFeature):
        texts = any(isinstance(category, str) for category in feature.categories)
        return pa.string() if texts else pa.int64()
    return pa.int64() if feature.integer else pa.float32()


def schema(contract: Schema) -> ArrowSchema:
    """The table's columns for a contract. Raises MlopsError when a feature has the name of another column."""
    import pyarrow as pa

    own = {name for name, _ in before() + after()}
    if taken := [name for name in contract.names if name in own]:
        raise MlopsError(
            f"Answers cannot be kept: the contract has the features {', '.join(taken)}, "
            "which are columns of the table of answers.",
            f"Name the features otherwise; taken are {', '.join(sorted(own))}.",
        )
    features = [(feature.name, type_of(feature)) for feature in contract.features]
    return pa.schema(before() + features + after())
