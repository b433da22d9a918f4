"""The settings of `mlops`, read from settings.toml beside this file and checked before anything is done."""

import difflib
import os
import tomllib
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ml.batch.spark.settings import SparkSettings
from ml.errors import MlopsError
from ml.features.settings import FeaturesSettings
from ml.push.settings import PushSettings
from ml.quality.settings import QualitySettings
from ml.scheduled.settings import ScheduledSettings
from ml.steps.bounds import Bound, attribute_of, limit_up_to
from ml.steps.prepare import FRACTIONS
from ml.steps.train.space import ALLOWED, USUAL

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ml.batch.run import Limits

FILE = Path(__file__).with_name("settings.toml")
OVER = "MLOPS_SETTINGS"  # names a file whose settings stand over those of settings.toml
LONGEST_SHOWN = 80  # characters of a wrong value that an error shows
Metric = Literal["roc_auc", "average_precision", "brier", "log_loss", "cost"]  # of the step evaluate
Share = Annotated[float, Field(ge=0, le=1)]
Cost = Annotated[float, Field(ge=0.001)]  # the limit in the component of the step train
Trials = Annotated[int, Field(ge=1, le=1000)]
Minutes = Annotated[int, Field(gt=0, le=60 * 24 * 90)]  # no job on a cluster may take longer
Seconds = Annotated[float, Field(gt=0, le=86_400)]
WholeSeconds = Annotated[int, Field(gt=0, le=86_400)]
Pause = Annotated[float, Field(ge=0, le=86_400)]


class Section(BaseModel):
    """A table of settings.toml. Types are strict: true is not 1, and 1.0 is no whole number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DataSettings(Section):
    name: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$")
    path: Annotated[Path, Field(strict=False)]  # written as a text


class TrainingSettings(Section):
    experiment: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,255}$")  # what Azure takes
    model_name: str = Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$")
    metric: Metric
    margin: Share
    seed: int = Field(ge=0, lt=2**32)
    test_fraction: float = Field(ge=FRACTIONS[0], le=FRACTIONS[1])
    false_negative_cost: Cost
    false_positive_cost: Cost
    environment: str = Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=255)  # an image's name too
    time_limit_minutes: Minutes

    def split(self) -> dict[str, float]:
        """The inputs of the step prepare, by name."""
        return self.model_dump(include={"test_fraction"})

    def costs(self) -> dict[str, float]:
        """The costs of errors, by name of the inputs of the step train."""
        return self.model_dump(include={"false_negative_cost", "false_positive_cost"})


class SweepSettings(Section):
    trials: Trials
    at_once: int = Field(ge=1, le=100)


def _allowed(name: str) -> Any:
    """Refuse a value that the step train does not take; None means that none is given."""
    low, high = ALLOWED[name]
    return Field(default=None, ge=low, le=high)


class StartSettings(Section):
    """Where the search begins. A value that is not given is the step's own.

    A start may lie outside of what is searched, but not outside of what the step train takes."""

    learning_rate: float | None = _allowed("learning_rate")
    max_iter: int | None = _allowed("max_iter")
    max_depth: int | None = _allowed("max_depth")
    max_leaf_nodes: int | None = _allowed("max_leaf_nodes")
    min_samples_leaf: int | None = _allowed("min_samples_leaf")
    l2_regularization: float | None = _allowed("l2_regularization")
    max_features: float | None = _allowed("max_features")

    def given(self) -> dict[str, float]:
        """The given values by input of the step, whole numbers as int."""
        return self.model_dump(exclude_none=True)


Candidate = Literal["hist_gradient_boosting", "random_forest", "logistic_regression", "lightgbm"]


def _distinct(names: list[Candidate]) -> list[Candidate]:
    if len(set(names)) < len(names):
        raise ValueError("a candidate is named twice")
    return names


class TuningSettings(Section):
    trials: Trials
    candidates: Annotated[list[Candidate], Field(min_length=1), AfterValidator(_distinct)] = [*USUAL]
    start: StartSettings = StartSettings()
    sweep: SweepSettings


# Refused in the words of the step that reads them.
ShareLimit = Annotated[float, BeforeValidator(partial(limit_up_to, 1.0))]
AnyLimit = Annotated[float, BeforeValidator(partial(limit_up_to, None))]
ByAttribute = dict[Annotated[str, AfterValidator(attribute_of)], ShareLimit]


class BoundsSettings(Section):
    """What a model must keep to be registered. A bound that is not given is not asked for."""

    minimum_roc_auc: ShareLimit | None = None
    maximum_log_loss: AnyLimit | None = None
    maximum_calibration_error: ShareLimit | None = None
    maximum_outlier_share_deviation: ShareLimit | None = None
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
    connection_seconds: Seconds
    read_seconds: Seconds
    attempts: int = Field(ge=1, le=1000)
    pause_seconds: Pause


class PublishedSettings(Section):
    """Of the training pipeline's versions under its endpoint."""

    keep: int = Field(ge=1, le=20)  # Azure ML takes 20 deployments under an endpoint


class BuildSettings(Section):
    time_limit_minutes: int = Field(ge=5, le=480)
    platform: Literal["linux"]


def _text(value: object) -> str:
    """The value of a variable as text, which is what the environment holds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a text or a number")
    return str(value)


class ScoringSettings(Section):
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
    port: int = Field(gt=0, lt=65536)
    cpu: float = Field(gt=0, le=100)
    memory_gb: float = Field(gt=0, le=1000)
    api_key_secret: str = Field(pattern=r"^[0-9a-zA-Z-]{1,127}$")
    gateway_key_secret: str = Field(pattern=r"^[0-9a-zA-Z-]{1,127}$")
    metric_seconds: WholeSeconds
    ready_seconds: WholeSeconds
    tolerance: float = Field(gt=0, le=1)
    variables: dict[str, Annotated[str, BeforeValidator(_text)]] = {}  # ml/deploy/variables.py says which


class KubernetesSettings(Section):
    """Of a revision in production. The margins are factors on what stage measured."""

    minimum_replicas: int = Field(ge=2, le=100)  # with one, a node that goes away takes the service along
    maximum_replicas: int = Field(ge=2, le=1000)
    cpu_percent: int = Field(ge=10, le=100)
    cpu_margin: float = Field(ge=1, le=10)
    memory_margin: float = Field(ge=1, le=10)
    available_seconds: int = Field(ge=0, le=60)
    drain_seconds: int = Field(ge=0, le=120)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum_replicas > self.maximum_replicas:
            raise ValueError(
                f"minimum_replicas {self.minimum_replicas} is more than maximum_replicas "
                f"{self.maximum_replicas}"
            )
        return self


class ReleaseSettings(Section):
    """Of the load test of a release in stage. Milliseconds: from a client beside the service."""

    load_seconds: Seconds
    load_clients: int = Field(ge=1, le=256)
    load_p95_ms: float = Field(gt=0, le=60_000)


# With fewer no release could be caught but one that fails almost always.
Judged = Annotated[int, Field(ge=100, le=1_000_000)]


class JudgedSettings(Section):
    """Scores of a new revision that are judged before it gets more. Those of ml/production/canary/steps.py,
    where none are given."""

    at_10_percent: Judged | None = None
    at_50_percent: Judged | None = None


class ProductionSettings(Section):
    """Of promoting."""

    poll_seconds: Seconds  # between two looks at a canary
    settle_seconds: Pause  # until every gateway has new weights, after which what has none may be removed
    watch_seconds: Pause  # of a revision with all requests, before the release counts as taken over
    judged: JudgedSettings = JudgedSettings()

    def judged_requests(self) -> dict[int, int]:
        """Requests by the percent of a canary's step; steps that are not named are left out."""
        named = {10: self.judged.at_10_percent, 50: self.judged.at_50_percent}
        return {percent: requests for percent, requests in named.items() if requests is not None}


class BatchSettings(Section):
    """Of `mlops batch`."""

    block_rows: int = Field(ge=1, le=10_000_000)  # scored at once
    most_rejected: Share  # of the rows; beyond it nothing is published
    machine_up_to_gb: float = Field(default=100.0, gt=0, le=1_000_000)  # of stored data; then another engine
    wait_minutes: float = Field(default=60.0, ge=0, le=10_000)  # for another run that writes to the output

    def limits(self) -> "Limits":
        from ml.batch.run import Limits

        return Limits(self.block_rows, self.most_rejected, wait_s=60 * self.wait_minutes)


class KeptSettings(Section):
    """Of the answers that the scoring service keeps."""

    retention_days: int = Field(ge=1, le=3_650)


class PrecomputedSettings(Section):
    """Of predictions by key."""

    keep_runs: int = Field(ge=2, le=100)  # without a second one there is nothing to go back to


class AzureSettings(Section):
    connection_seconds: Seconds
    read_seconds: Seconds
    grants_seconds: Pause
    poll_seconds: Seconds

    @property
    def limits(self) -> dict[str, Any]:
        """Time limits of every azure-core client, in its own words, in seconds."""
        return {"connection_timeout": self.connection_seconds, "read_timeout": self.read_seconds}


class Settings(Section):
    data: DataSettings
    download: DownloadSettings
    training: TrainingSettings
    tuning: TuningSettings
    bounds: BoundsSettings = BoundsSettings()
    published: PublishedSettings
    build: BuildSettings
    scoring: ScoringSettings
    kubernetes: KubernetesSettings
    release: ReleaseSettings
    production: ProductionSettings
    quality: QualitySettings = QualitySettings()
    batch: BatchSettings
    precomputed: PrecomputedSettings
    spark: SparkSettings = SparkSettings()
    kept: KeptSettings
    push: PushSettings = PushSettings()
    scheduled: ScheduledSettings = ScheduledSettings()
    features: FeaturesSettings = FeaturesSettings()
    azure: AzureSettings


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """The names of all settings in the section of a setting."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        kind = section.model_fields[str(part)].annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        section = kind
    return list(section.model_fields)


def _words(item: "ErrorDetails") -> str:
    """One error in words: the setting, its value, what is wrong with it."""
    location = tuple(part for part in item["loc"] if part != "[key]")
    name, value = ".".join(map(str, location)), repr(item["input"])
    if len(value) > LONGEST_SHOWN:
        value = f"{value[:LONGEST_SHOWN]}..."
    if item["type"] == "missing":
        return f"{name} is not set"
    if item["type"] == "extra_forbidden":
        known = _siblings(location)
        near = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"{name} = {value}: there is no setting of that name; {hint}"
    if item["loc"][-1] == "[key]":  # of a table whose keys are given: the input is the key itself
        return f"{name}: {_said(item)}"
    return f"{name} = {value}: {_said(item)}"


def _said(item: "ErrorDetails") -> str:
    return item["msg"].removeprefix("Value error, ")


def read_settings(file: Path, over: Path | None = None) -> Settings:
    """The settings of a file; what another one names stands over them.

    Raises MlopsError naming each setting that is wrong and what it was.
    """
    if over is None:
        return checked(_tree(file), file)
    return checked(_laid(_tree(file), _tree(over)), over)


def _laid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are laid over one another setting by setting, all else is replaced."""
    found = dict(under)
    for name, value in over.items():
        below = found.get(name)
        found[name] = _laid(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def _tree(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MlopsError(
            f"The settings file {file} cannot be read: {error.strerror}.", "Restore it from the repository."
        ) from error
    except UnicodeDecodeError as error:
        line, byte = error.object[: error.start].count(b"\n") + 1, error.object[error.start]
        raise MlopsError(
            f"The settings file {file} is not UTF-8: line {line} has the byte {byte:#04x}.",
            "Save it as UTF-8.",
        ) from error
    except ValueError as error:  # TOML's own error, or Python's for a number of too many digits
        raise MlopsError(
            f"The settings file {file} is not TOML: {error}.", "Correct what it names."
        ) from error


def checked(tree: dict[str, Any], file: Path) -> Settings:
    """The settings that a file's content says. Raises MlopsError as `read_settings` does."""
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        details = [_words(item) for item in error.errors()]
        counted = "1 setting is" if len(details) == 1 else f"{len(details)} settings are"
        raise MlopsError(
            f"In {file} {counted} not valid.", "Correct the settings that are named.", details
        ) from error


@cache
def settings() -> Settings:
    """Those of settings.toml, with the file over them that MLOPS_SETTINGS names, if it names one."""
    named = os.environ.get(OVER, "").strip()
    return read_settings(FILE, Path(named) if named else None)
