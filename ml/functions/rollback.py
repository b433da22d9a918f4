"""The package before into the function app again, as it was: nothing is built, and nobody approves it anew.

As `mlops rollback` goes back between revisions. What the app had was approved when it got it, and the package
is kept, with its digest, where the promoting identity alone writes (`kept.py`). A release that the app never
had, or code of a checkout, comes by `mlops functions deploy` and its gate alone.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure import console
from ml.errors import MlopsError
from ml.functions import answering
from ml.functions.deploy import function_of
from ml.functions.kept import Kept, Put, State
from ml.functions.package import told_by
from ml.production.state import Entry
from ml.release.proof import PROVEN_IN
from scoring.hosted import DIGEST, URL
from scoring.model import artifact as artifacts
from scoring.model.artifact import ArtifactError
from scoring.model.download import download

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from scoring.model.artifact import Artifact

BEGUN: Final = "going back to"
ROLLED_BACK: Final = "rolled back to"


def rollback(azure: Azure, reason: str) -> dict[str, Any]:
    """Put what the app served before there again, and ask it. Run again, it goes no further back.

    Raises MlopsError before anything is changed where nothing was kept, or where it is not what it was; and
    where the app does not answer as the model's samples say.
    """
    from ml.production.assembly import who

    if not reason.strip():
        raise MlopsError("--reason is blank.", "Say in a few words why the function app goes back.")
    function = function_of(azure)
    kept, environment = _kept(azure, function.gated), azure.estate.environment
    state = kept.state.read()
    target = _target(state)
    content = kept.package(target)
    told = told_by(content)
    artifact = _model(azure, told)
    key, by = answering.key_of(azure, function), who(azure)

    def entry(what: str) -> Entry:
        return Entry(at=time.time(), what=what, release=target.release, by=by, reason=reason)

    under_way = state.changed(entry(BEGUN), going_back=target)
    kept.state.force(under_way)  # whoever deploys meanwhile is refused when it writes down its next step
    console.publish(azure, function.app, content)
    tests = answering.check(azure, function, key, told, artifact)
    previous = state.previous if state.previous and state.previous.content != target.content else None
    after = under_way.changed(entry(ROLLED_BACK), serving=target, previous=previous)
    kept.state.force(after)
    kept.tidy()
    return {
        "environment": environment,
        "app": function.app,
        "address": function.url,
        "release": target.release,
        "model": f"{told['MODEL_NAME']}:{told['MODEL_VERSION']}",
        "digest": artifact.digest,
        "approved_by": target.approved_by,
        "content": hashlib.sha256(content).hexdigest()[:16],
        "smoke_tests": tests,
    }


def _kept(azure: Azure, gated: bool) -> Kept:
    if gated:
        return Kept.of(azure)
    environment = azure.estate.environment
    if environment == PROVEN_IN:
        remedy = "Deploy the release before: `mlops functions deploy`, which needs no approval there."
    else:
        remedy = (
            f"Deploy the release before, whose approval has to hold; set releases.promoterId in "
            f"Pulumi.{environment}.yaml, and run `pulumi up`, to have packages kept from then on."
        )
    raise MlopsError(f"No package of the function app of {environment} is kept to go back to.", remedy)


def _target(state: State) -> Put:
    last = state.history[-1].what if state.history else ""
    if state.going_back is not None:
        return state.going_back
    repeated = last == ROLLED_BACK
    found = state.serving if state.putting is not None or repeated else state.previous
    if found is None:
        raise MlopsError(
            "There is no release to go back to: the function app served none before this one.",
            "`mlops functions deploy RELEASE` puts another one there.",
        )
    return found


def _model(azure: Azure, told: dict[str, str]) -> Artifact:
    """The model that a package names, which has to be there still. Raises MlopsError."""
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        try:
            with azure.report.phase("model"):
                folder = download(told[URL], told[DIGEST], azure.credential, Path(scratch))
            return artifacts.load(folder)
        except ArtifactError as error:
            raise MlopsError(
                f"The model of {told['RELEASE_ID']} cannot be served any more: {error}.",
                f"`mlops functions deploy {told['RELEASE_ID']} --model DIR` puts it there again.",
            ) from error
