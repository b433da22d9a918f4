"""Is each member of a fleet answered for by its own model, as that one predicted when it was made?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.deploy.smoke import differences, some
from ml.release.evidence import Check
from scoring.fleet.stored import model_dir
from scoring.model.artifact import SAMPLES, Samples
from scoring.model.typed_json import Node

if TYPE_CHECKING:
    from ml.deploy.endpoint import Endpoint
    from ml.deploy.image import BuildContext
    from scoring.fleet.stored import Fleet

NAME: Final = "members"
MOST_SHOWN: Final = 3


def check(endpoint: "Endpoint", context: "BuildContext", fleet: "Fleet", tolerance: float) -> Check:
    """Ask for members all over the fleet; each has the predictions recorded with the model that is to answer.

    tolerance: the greatest difference of a number from the recorded one.
    """
    asked = some(fleet.members)
    wrong: list[str] = []
    for key in asked:
        wrong += [f"{key}: {problem}" for problem in _problems(endpoint, context, fleet, key, tolerance)[:1]]
    return Check(
        name=NAME,
        passed=not wrong,
        figures={
            "members": len(fleet.members),
            "own_models": len(fleet.models) - 1,
            "asked": len(asked),
            "wrong": len(wrong),
        },
        reason="; ".join(wrong[:MOST_SHOWN])
        or "each member that was asked for has the predictions that were recorded with its model",
    )


def _problems(
    endpoint: "Endpoint", context: "BuildContext", fleet: "Fleet", key: str, tolerance: float
) -> list[str]:
    member = fleet.members[key]
    samples = recorded(context, member.model)
    answer = endpoint.score({**samples.request, "member": key}, synthetic=True)
    if answer.status_code != 200:
        return [f"POST /score gives {answer.status_code}"]
    stated: dict[str, Any] = {
        "model": {
            "fleet": fleet.digest,
            "member": key,
            "digest": member.model,
            "fallback": member.falls_back,
        },
        "predictions": [dict(item) for item in samples.predictions],
        "outliers": [dict(item) for item in samples.outliers],
    }
    return differences(stated, answer.json(), tolerance)


def recorded(context: "BuildContext", digest: str) -> Samples:
    """The samples of one of the models that an image of a fleet is built from. Raises KeyError without it."""
    name = (model_dir(Path("model"), digest) / SAMPLES).as_posix()
    return Samples.from_json(Node(json.loads(context.files[name])))
