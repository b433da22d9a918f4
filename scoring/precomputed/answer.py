"""What `GET /predictions/{key}` answers, and its part of the OpenAPI document."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from scoring.http import problems
from scoring.http.problems import Problem
from scoring.kept.keys import PATTERN
from scoring.precomputed.lookup import Away, Looked, Run
from scoring.precomputed.lookups import Full, Lookups

PREFIX: Final = "/predictions/"
PATH: Final = "/predictions/{key}"
INSTEAD: Final = "POST the row's features to /score instead"
_KEY: Final = re.compile(PATTERN)


async def found(lookups: Lookups | None, key: str, request_id: str) -> bytes:
    """The answer for a key. Raises Problem; no text of it holds the key."""
    if lookups is None:
        raise Problem(problems.NOT_FOUND, f"this service has no predictions by key; {INSTEAD}")
    if not _KEY.fullmatch(key):
        raise Problem(problems.NO_PREDICTION, f"no key is like that: a key matches {PATTERN}")
    try:
        looked = await lookups.look(key)
    except Full as error:
        detail = f"too many look-ups wait for the database; come again, or {INSTEAD}"
        raise Problem(problems.TOO_MANY_REQUESTS, detail, {"retry-after": "1"}) from error
    except TimeoutError as error:
        detail = f"the database of predictions did not answer in time; {INSTEAD}"
        raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "1"}) from error
    except Away as error:
        detail = f"the database of predictions cannot be asked, and the log says why; {INSTEAD}"
        raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "2"}) from error
    if looked.run is None:
        detail = f"no batch has been loaded yet; {INSTEAD}"
        raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "60"})
    if looked.prediction is None:
        detail = f"the run {looked.run.name} has no prediction for this key; {INSTEAD}"
        raise Problem(problems.NO_PREDICTION, detail)
    return orjson.dumps(body(looked, looked.run, key, request_id, datetime.now(UTC)))


def body(looked: Looked, run: Run, key: str, request_id: str, now: datetime) -> dict[str, Any]:
    """The members of the answer; `looked` has a prediction."""
    answered = looked.prediction
    assert answered is not None  # noqa: S101 - the caller has looked
    name, _, version = run.model.rpartition(":")
    return {
        "key": key,
        "prediction": {"probability": answered.probability, "label": answered.label},
        "outlier": {"score": answered.outlier_score, "flag": answered.outlier},
        "model": {"name": name, "version": version, "digest": run.model_digest},
        "release": run.release,
        "run": run.name,
        "scored_at": run.scored_at.astimezone(UTC).isoformat(timespec="seconds"),
        "age_seconds": max(round((now - run.scored_at).total_seconds(), 3), 0.0),
        "request_id": request_id,
    }
