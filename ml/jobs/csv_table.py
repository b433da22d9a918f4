"""A csv file as an Arrow table whose types come from the contract: nothing is guessed from the values."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from ml.errors import MlopsError
from scoring.model.schema import CategoryFeature, Feature

Kind = Literal["text", "whole", "number"]
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
DIGITS = r"^[+-]?[0-9]{1,18}$"
EXACT = 2**53  # from here on, float64 does not hold every whole number
EXAMPLE_LENGTH = 40  # so many characters of a wrong value are shown in an error


def kinds_of(features: Iterable[Feature]) -> dict[str, Kind]:
    """The kind of value that each feature has in a file."""
    return {feature.name: _kind(feature) for feature in features}


def _kind(feature: Feature) -> Kind:
    if isinstance(feature, CategoryFeature):
        return "whole" if all(isinstance(value, int) for value in feature.categories) else "text"
    return "whole" if feature.integer else "number"


def read(path: Path, shown: str, columns: tuple[str, ...], kinds: Mapping[str, Kind]) -> Any:
    """The file's columns that are named, as a pyarrow.Table; a column without a kind is text.

    Text stays as it is written ("01", "true", "2024-01-01"). A column of whole numbers with a fraction
    among them becomes float64: the contract says what is wrong with it. Empty fields are null.
    Raises MlopsError when a row has too few or too many values, or a value that should be a number is none.
    """
    import pyarrow as pa
    import pyarrow.csv

    try:
        table = pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=list(columns),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise MlopsError(
            f"The data set {shown} is not readable csv: {error}.", "Correct the row that is named."
        ) from error
    wrong: list[str] = []
    made: list[Any] = []
    for name in columns:
        kind = kinds.get(name, "text")
        made.append(table.column(name) if kind == "text" else _numbers(name, kind, table.column(name), wrong))
    if wrong:
        raise MlopsError(
            f"The data set {shown} has text where the contract has numbers.",
            "Correct these values, or make the column a category of text in ml/steps/contract.py.",
            wrong,
        )
    return pa.table(dict(zip(columns, made, strict=True)))


def _compute() -> Any:
    """pyarrow.compute as Any: it makes its functions at its import, so type checkers do not know them."""
    import pyarrow.compute

    return pyarrow.compute


def _numbers(name: str, kind: Kind, column: Any, wrong: list[str]) -> Any:
    """The texts of a column as int64 or float64. A text that is no number is told in `wrong`."""
    import pyarrow as pa

    pc = _compute()
    texts: Any = pc.utf8_trim_whitespace(column)
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    strange: Any = pc.fill_null(pc.invert(pc.match_substring_regex(texts, NUMBER)), False)
    count = pc.sum(strange).as_py() or 0
    if count:
        row = pc.index(strange, True).as_py()
        example = repr(column[row].as_py())[:EXAMPLE_LENGTH]
        wrong.append(f"column {name}: {count} values are no numbers, for example {example} in row {row + 1}")
        return texts
    if kind == "whole" and pc.all(pc.match_substring_regex(texts, DIGITS)).as_py() is not False:
        return pc.cast(pc.replace_substring_regex(texts, r"^\+", ""), pa.int64())
    values: Any = pc.cast(texts, pa.float64())
    if kind == "whole" and pc.all(_whole(values)).as_py() is not False:
        return pc.cast(values, pa.int64())
    return values


def _whole(values: Any) -> Any:
    pc = _compute()
    return pc.and_(pc.equal(values, pc.trunc(values)), pc.less(pc.abs(values), float(EXACT)))
