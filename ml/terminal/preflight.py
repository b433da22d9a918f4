"""Checks what a person gave, before the stack is asked for anything. Each check raises MlopsError.

Each check imports what it needs by itself, so that `mlops --help` is quick.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml.published.reason import Reason


def check_model(reference: str) -> None:
    """Refuse a reference that names no model."""
    from ml.reference import model_reference
    from ml.settings import settings

    model_reference(reference, settings().training.model_name)


def check_metric(name: str) -> None:
    from typing import get_args

    from ml.errors import MlopsError
    from ml.settings import Metric

    if name not in get_args(Metric):
        raise MlopsError(
            f"--metric {name!r} is none that the evaluation knows.",
            f"Give one of {', '.join(get_args(Metric))}.",
        )


def check_data(uri: str | None) -> None:
    """Check that contract and words fit, that the address can be read, and a local file's columns."""
    from ml.errors import MlopsError
    from ml.jobs import columns
    from ml.jobs.data import inspect
    from ml.sources.address import LocalFile, parse
    from ml.steps import definition

    if found := definition.problems():
        raise MlopsError("The data set's definition is not valid.", "Correct what is named.", found)
    if uri is not None and isinstance(address := parse(uri), LocalFile):
        columns.check(inspect(address.path))


def reason_of(override: str | None) -> str | None:
    """The reason as it is recorded."""
    from ml.errors import MlopsError
    from ml.steps.compare import override as overriding

    if override is None:
        return None
    try:
        return overriding.reason_of(override)
    except ValueError as error:
        raise MlopsError(
            f"--override is no reason: {error}.",
            f"Say in 1 to {overriding.LONGEST} characters why a model that is no better is to be registered.",
        ) from error


def started(by: str, words: str | None, event: str | None) -> "Reason":
    """Why a run is started, as it is recorded."""
    from typing import cast

    from ml.errors import MlopsError
    from ml.jobs.submission import BY_HAND
    from ml.published.reason import LONGEST_WORDS, Reason, StartedBy

    try:
        return Reason(cast("StartedBy", by), BY_HAND.words if words is None else words, event or "")
    except ValueError as error:
        raise MlopsError(
            f"--started-by, --reason and --event say no reason: {error}.",
            f"Give --reason 1 to {LONGEST_WORDS} characters, and --event unless a person starts it.",
        ) from error


def check_variables() -> None:
    """Check the scoring service's variables in settings.toml."""
    from ml.deploy.variables import checked
    from ml.settings import settings

    checked(settings().scoring.variables)


def check_start(reference: str | None) -> None:
    """Refuse what names no model to start from; a wrong setting is named before."""
    from ml.reference import model_reference
    from ml.settings import settings

    if reference is not None:
        model_reference(reference, settings().training.model_name, "--start-from")


def check_release(release: str) -> None:
    """Refuse what is no name of a release; a wrong setting is named before."""
    import re

    from ml.errors import MlopsError

    check_settings()
    if not re.fullmatch(r"r-[0-9a-f]{16}", release):
        raise MlopsError(
            f"{release!r} is no release: its name is r- and 16 hexadecimal digits.",
            "Name one that `mlops release list` shows.",
        )


def check_environment(environment: str) -> None:
    """Refuse an environment that has no stack file."""
    from ml.approval.digests import settings_digest
    from ml.estate import project_root

    settings_digest(environment, project_root())


def check_settings() -> None:
    """Refuse a wrong settings.toml."""
    from ml.settings import settings

    settings()
