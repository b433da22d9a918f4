"""The settings of `mlops`, read from settings.toml beside this file and checked before anything is done."""

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ml.errors import MlopsError
from ml.steps.bounds import Bound
from ml.steps.train.space import SPACE

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FILE = Path(__file__).with_name("settings.toml")
Metric = Literal["roc_auc", "average_precision", "brier", "log_loss", "cost"]  # those of the evaluate step


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSettings(Section):
    name: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$")
    path: Path
    columns: tuple[str, ...] = ()


class TrainingSettings(Section):
    experiment: str
    model_name: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$")
    metric: Metric
    margin: float = Field(ge=0, le=1)
    seed: int = Field(ge=0, lt=2**32)
    test_fraction: float = Field(gt=0, lt=1)
    environment: str
    time_limit_minutes: int = Field(gt=0)


class SweepSettings(Section):
    trials: int = Field(ge=1, le=1000)
    at_once: int = Field(ge=1, le=100)


class TuningSettings(Section):
    trials: int = Field(ge=1, le=1000)
    start: dict[str, float] = {}
    sweep: SweepSettings

    @field_validator("start")
    @classmethod
    def _known(cls, start: dict[str, float]) -> dict[str, float]:
        """Names of the search space; whole numbers where they must be."""
        for name, value in start.items():
            dimension = next((each for each in SPACE if each.name == name), None)
            if dimension is None:
                raise ValueError(f"{name!r} is none of {', '.join(each.name for each in SPACE)}")
            if dimension.integer and value != int(value):
                raise ValueError(f"{name} is {value}: a whole number is needed")
        return start


Share = Annotated[float, Field(ge=0, le=1)]
ByAttribute = dict[Literal["sex", "education", "marriage", "age_group"], Share]


class BoundsSettings(Section):
    """What a model must keep to be registered; what is not given is not asked for."""

    minimum_roc_auc: Share | None = None
    maximum_log_loss: Annotated[float, Field(ge=0)] | None = None
    maximum_calibration_error: Share | None = None
    maximum_outlier_share_deviation: Share | None = None
    maximum_equalised_odds_difference: ByAttribute = {}
    maximum_demographic_parity_difference: ByAttribute = {}

    def bounds(self) -> tuple[Bound, ...]:
        found: list[Bound] = []
        for name, value in self.model_dump(exclude_none=True).items():
            if isinstance(value, dict):
                limits = cast("dict[str, float]", value)
                found += [Bound(f"{name}.{attribute}", limit) for attribute, limit in limits.items()]
            else:
                found.append(Bound(name, float(value)))
        return tuple(found)


class DownloadSettings(Section):
    connection_seconds: float = Field(gt=0)
    read_seconds: float = Field(gt=0)
    attempts: int = Field(ge=1)
    pause_seconds: float = Field(ge=0)


class BuildSettings(Section):
    time_limit_minutes: int = Field(ge=5, le=480)
    platform: Literal["linux"]


class ScoringSettings(Section):
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
    port: int = Field(gt=0, lt=65536)
    cpu: float = Field(gt=0)
    memory_gb: float = Field(gt=0)
    api_key_secret: str = Field(pattern=r"^[0-9a-zA-Z-]{1,127}$")
    metric_seconds: int = Field(gt=0)
    ready_seconds: int = Field(gt=0)
    tolerance: float = Field(gt=0)


class AzureSettings(Section):
    connection_seconds: float = Field(gt=0)
    read_seconds: float = Field(gt=0)
    grants_seconds: float = Field(ge=0)
    poll_seconds: float = Field(gt=0)


class Settings(Section):
    data: DataSettings
    download: DownloadSettings
    training: TrainingSettings
    tuning: TuningSettings
    bounds: BoundsSettings
    build: BuildSettings
    scoring: ScoringSettings
    azure: AzureSettings


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """The names that the section of a setting knows."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        kind = section.model_fields[str(part)].annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        section = kind
    return list(section.model_fields)


def _words(item: "ErrorDetails") -> str:
    """One thing that is wrong: the setting, what it was, what is wrong with it."""
    location = tuple(part for part in item["loc"] if part != "[key]")
    name = ".".join(map(str, location))
    if item["type"] == "missing":
        return f"{name} is not set"
    if item["type"] == "extra_forbidden":
        known = _siblings(location)
        near = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"{name} = {item['input']!r}: there is no setting of that name; {hint}"
    if item["loc"][-1] == "[key]":  # of a table whose keys are given: the input is the key itself
        return f"{name}: {item['msg']}"
    return f"{name} = {item['input']!r}: {item['msg']}"


def read_settings(file: Path) -> Settings:
    """Raises MlopsError naming each setting that is wrong and what it was."""
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise MlopsError(
            f"The settings file {file} cannot be read: {error.strerror}.", "Restore it from the repository."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise MlopsError(
            f"The settings file {file} is not TOML: {error}.", "Correct the line that it names."
        ) from error
    except ValidationError as error:
        details = [_words(item) for item in error.errors()]
        counted = "1 setting is" if len(details) == 1 else f"{len(details)} settings are"
        raise MlopsError(
            f"In {file} {counted} not valid.", "Correct the settings that are named.", details
        ) from error


@cache
def settings() -> Settings:
    return read_settings(FILE)
