"""The data sets that sets.toml describes, checked."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.errors import MlopsError

FILE = Path(__file__).with_name("sets.toml")


class DataSet(BaseModel):
    """`sources`: names of the data sets that it is made of; `from` in the file.

    about_people: whether rows are about people; then ml/forget/places.py says how one person's are erased and
    how long rows are kept, and `kept` is not given here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    where: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    personal: str = Field(min_length=1)
    about_people: bool
    kept: str | None = Field(default=None, min_length=1)
    sources: list[str] = Field(alias="from")


def read(file: Path = FILE) -> list[DataSet]:
    """Raises MlopsError naming each entry that is wrong."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("data_set", [])
        found = [DataSet.model_validate(entry) for entry in entries]
    except (OSError, ValueError) as error:
        said = error.errors() if isinstance(error, ValidationError) else []
        details = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in said]
        raise _refused(file, details or [str(error)]) from error
    for one in found:
        if one.about_people == (one.kept is not None):
            said = "kept is said in ml/forget/places.py" if one.about_people else "kept: Field required"
            raise _refused(file, [f"{one.name}: {said}"])
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    wrong = [f"{name} is there twice" for name in twice]
    wrong += [
        f"{one.name}: from {name!r}, which is not there"
        for one in found
        for name in one.sources
        if name not in names
    ]
    if wrong:
        raise _refused(file, wrong)
    return found


def _refused(file: Path, details: list[str]) -> MlopsError:
    return MlopsError(f"{file} is no list of data sets.", "Correct what it names.", details)
