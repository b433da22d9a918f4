"""Whether the function app answers, and as the model's recorded samples say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ml.deploy import api_key
from ml.deploy.endpoint import Endpoint
from ml.deploy.smoke import Expectation, Visit, failed
from ml.errors import MlopsError
from scoring.hosted import PACKAGE, PACKAGE_HEADER

if TYPE_CHECKING:
    from infra.outputs import ScoringFunction
    from ml.azure.clients import Azure
    from scoring.model.artifact import Artifact

TESTS: Final[Mapping[str, Callable[[Visit], None]]] = {
    "no answer without the key": Visit.key,
    "recorded predictions": Visit.predictions,
    "model as released": Visit.identity,
    "bad input is refused": Visit.bad_input,
}
"""Those of the service whose endpoints the app has."""


def key_of(azure: Azure, function: ScoringFunction) -> str:
    """The callers' key, without which the app does not start. Raises MlopsError."""
    name, vault = function.key_secret, azure.estate.key_vault
    if name == azure.settings.scoring.api_key_secret:
        return api_key.required(azure)
    if known := api_key.read(azure, name):
        return known
    # A secret of another name is made by no command.
    raise MlopsError(
        f"Key Vault {vault} has no secret {name}, which scoringFunction.keySecret names.",
        f"Put the callers' key there (`az keyvault secret set --vault-name {vault} --name {name} --file "
        "FILE`; one that was deleted: `secret recover`), or name another one, and run `pulumi up`.",
    )


def check(
    azure: Azure, function: ScoringFunction, key: str, told: Mapping[str, str], artifact: Artifact
) -> list[str]:
    """Wait until a package answers, and test it; the names of the tests. told: what it says of its release.

    Raises MlopsError.
    """
    endpoint = Endpoint(function.url, key)
    with azure.report.phase("waiting until it answers, which takes the first call of an instance a while"):
        _ready(azure, endpoint, told[PACKAGE])
    expected = Expectation(
        told["MODEL_NAME"], told["MODEL_VERSION"], "", artifact, azure.settings.scoring.tolerance
    )
    with azure.report.phase("smoke tests"):
        failures = failed(Visit(endpoint, expected), TESTS)
    if failures:
        raise MlopsError(
            f"{len(failures)} of {len(TESTS)} smoke tests failed against {function.url}.",
            "The app has this release: go back (`mlops functions rollback`; where nobody approves, deploy "
            "the one before), or deploy it without the cause.",
            failures,
        )
    return list(TESTS)


def _ready(azure: Azure, endpoint: Endpoint, package: str) -> None:
    """Until an instance of the package is ready: the first one starts when it is asked.

    By the package's own digest: instances of the one before may answer still, with the same model.
    """
    import httpx

    until = time.monotonic() + azure.settings.scoring.ready_seconds
    while True:
        try:
            answer = endpoint.get("/readyz")
            found = answer.headers.get(PACKAGE_HEADER)
            if answer.status_code == 200 and found == package:
                return
            said = f"it answers {answer.status_code}" + (f", by the package {found}" if found else "")
        except httpx.HTTPError as error:
            said = f"{type(error).__name__}: {error}"
        if time.monotonic() > until:
            raise MlopsError(
                f"{endpoint.address} does not serve the package {package} after "
                f"{azure.settings.scoring.ready_seconds:g} seconds: {said}.",
                "Its log says why: AppTraces and AppExceptions of the estate's Application Insights.",
            )
        time.sleep(azure.settings.azure.poll_seconds)
