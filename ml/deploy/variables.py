"""The variables of the scoring service that ml/settings.toml may set: the table [scoring.variables]."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from ml.errors import MlopsError

ALLOWED = frozenset(
    {
        "SCORING_MAX_BODY_BYTES",
        "SCORING_MAX_ROWS",
        "SCORING_MAX_IN_FLIGHT",
        "SCORING_MAX_QUEUED",
        "SCORING_MAX_CONNECTIONS",
        "SCORING_MAX_EXPLAIN_ROWS",
        "SCORING_MAX_EXPLAIN_IN_FLIGHT",
        "SCORING_REQUEST_SECONDS",
        "SCORING_DRAIN_SECONDS",
        "SCORING_DRIFT_WINDOW_ROWS",
        "SCORING_DRIFT_LEAST_ROWS",
        "SCORING_DRIFT_EVERY_ROWS",
        "SCORING_DRIFT_EVERY_SECONDS",
        "SCORING_DRIFT_FALSE_DISCOVERY_RATE",
        "SCORING_DRIFT_LEAST_PSI",
        "SCORING_TRACE_RATIO",
        "SCORING_TRACES_PER_SECOND",
        "SCORING_EVENTS_PER_SECOND",
        "SCORING_EVENT_ROWS",
        "SCORING_REDACT_FEATURES",
        "SCORING_HASH_FEATURES",
        "SCORING_MACHINE_CODE",
        "SCORING_KEEP_PART_ROWS",
        "SCORING_KEEP_PART_SECONDS",
        "SCORING_KEEP_ROWS",
        "SCORING_PREDICTIONS_CONNECTIONS",
        "SCORING_PREDICTIONS_SECONDS",
        "SCORING_FLEET_MEMORY_MIB",
        "SCORING_FLEET_PRELOAD",
    }
)
FEATURES = ("SCORING_REDACT_FEATURES", "SCORING_HASH_FEATURES")  # whose values name features of the model
_FROM_THE_RELEASE = "the deployment says it, by the model and image that it releases"
_FROM_THE_ESTATE = "the deployment says it, from the stack's outputs"
_CALLERS_KEY = "the deployment says where the callers' key is"
REFUSED: Mapping[str, str] = {
    "MODEL_DIR": _FROM_THE_RELEASE,
    "MODEL_NAME": _FROM_THE_RELEASE,
    "MODEL_VERSION": _FROM_THE_RELEASE,
    "IMAGE_DIGEST": _FROM_THE_RELEASE,
    "RELEASE_ID": _FROM_THE_RELEASE,
    "HOST": "the container's port must be reachable from outside of it",
    "PORT": "it is scoring.port",
    "SCORING_WORKERS": "it follows from scoring.cpu",
    "ESTATE_ENVIRONMENT": _FROM_THE_ESTATE,
    "AZURE_CLIENT_ID": _FROM_THE_ESTATE,
    "APPLICATIONINSIGHTS_CONNECTION_STRING": _FROM_THE_ESTATE,
    "SCORING_KEEP_URL": _FROM_THE_ESTATE,
    "SCORING_PREDICTIONS_DATABASE": _FROM_THE_ESTATE,
    "SCORING_PREDICTIONS_AUTHORITIES": "Azure's servers have certificates of public authorities",
    "KEY_VAULT_URI": _CALLERS_KEY,
    "API_KEY_SECRET": _CALLERS_KEY,
    "API_KEY_SHA256": _CALLERS_KEY,
    "SCORING_ALLOW_ANONYMOUS": "a deployed service is never open to anyone",
    "SCORING_HASH_KEY": (
        "it is a secret, and this file and the release's record are read by many; without it each container "
        "draws a key of its own, so that hashes are the same until it is replaced"
    ),
}


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The variables as the service will read them. Raises MlopsError naming each that it may or would not."""
    wrong = [f"{name}: {_refusal(name)}" for name in given if name not in ALLOWED]
    values = {name: value.strip() for name, value in sorted(given.items())}
    wrong += [f"{name} is blank: leave it out" for name in ALLOWED if not values.get(name, name)]
    if not wrong:
        wrong = _of_the_service(values)
    if wrong:
        raise MlopsError(
            "ml/settings.toml: [scoring.variables] has what the scoring service cannot be given.",
            "Correct or remove the variables that are named; docs/scoring.md says what each means.",
            wrong,
        )
    return values


def check_features(values: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Raises MlopsError for a name that is no feature of the model, at which the service would not start."""
    wrong = [
        f"{variable}: the model has no feature {name!r}"
        for variable in FEATURES
        for name in (part.strip() for part in values.get(variable, "").split(","))
        if name and name not in known
    ]
    if wrong:
        raise MlopsError(
            "ml/settings.toml: [scoring.variables] names features that the model does not have.",
            f"Give names out of {', '.join(known)}.",
            wrong,
        )


def check_samples(values: Mapping[str, str], request: Mapping[str, Any]) -> None:
    """Raises MlopsError for a limit that the model's own samples break: each start and test scores them.

    request: the samples' `{"records": [...]}`. A service that cannot score them would start again for ever.
    """
    sizes = {
        "SCORING_MAX_ROWS": (len(request["records"]), "rows"),
        "SCORING_MAX_BODY_BYTES": (len(json.dumps(request).encode()), "bytes"),
    }
    wrong = [
        f"{name} is {values[name]}, and the samples are {size:,} {unit}"
        for name, (size, unit) in sizes.items()
        if name in values and int(values[name]) < size
    ]
    if wrong:
        raise MlopsError(
            "ml/settings.toml: [scoring.variables] does not let the model's own samples be scored.",
            "Give at least what the samples take: each start of the service and its tests score them.",
            wrong,
        )


def _refusal(name: str) -> str:
    if name in REFUSED:
        return REFUSED[name]
    near = difflib.get_close_matches(name, ALLOWED, 1)
    return "the service knows no such variable; " + (
        f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(ALLOWED))}"
    )


def _of_the_service(values: Mapping[str, str]) -> list[str]:
    """What the service itself says of the values: it would end at its start."""
    from scoring.settings import SettingsError, read

    try:
        read({**values, "SCORING_ALLOW_ANONYMOUS": "true"})  # the key has no part in this
    except SettingsError as error:
        return [str(error)]
    return []
