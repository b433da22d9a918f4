"""Does the service predict, flag and watch as the registered model does?"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ml.deploy.smoke import differences
from ml.release.evidence import Check

if TYPE_CHECKING:
    from ml.deploy.endpoint import Endpoint
    from scoring.model.artifact import Artifact
    from scoring.model.sketch import DriftReference

STATES: Final = ("collecting", "stable", "drifted")
SHARE_MOVED: Final = 0.5
"""Of a feature's rows, for the self-test of drift: as when a source changes its unit."""


def parity(endpoint: "Endpoint", artifact: "Artifact", tolerance: float) -> Check:
    """The predictions that were recorded when the model was made, against those that are served."""
    samples = artifact.samples
    answer = endpoint.score(dict(samples.request), synthetic=True)
    if answer.status_code != 200:
        return Check(
            name="parity", passed=False, figures={}, reason=f"POST /score gives {answer.status_code}"
        )
    body: dict[str, Any] = answer.json()
    stated = {
        "predictions": [dict(item) for item in samples.predictions],
        "outliers": [dict(item) for item in samples.outliers],
    }
    found = differences(stated, body, tolerance)
    largest = max(
        abs(one["probability"] - other.get("probability", float("inf")))
        for one, other in zip(samples.predictions, body.get("predictions", ()), strict=False)
    )
    return Check(
        name="parity",
        passed=not found,
        figures={"rows": len(samples.predictions), "largest_difference": float(largest)},
        reason="; ".join(found[:3]) or f"every number is within {tolerance:g} of the recorded",
    )


def corners(artifact: "Artifact") -> list[dict[str, Any]]:
    """Rows at the ends of what the features may be: of two recorded rows, all numbers at their ends."""
    from scoring.model.schema import NumberFeature

    records: Sequence[Mapping[str, Any]] = artifact.samples.request["records"]
    numbers = [feature for feature in artifact.schema.features if isinstance(feature, NumberFeature)]
    made: list[dict[str, Any]] = []
    for record in records[:2]:
        for parity_ in (0, 1):
            ends = {
                feature.name: feature.maximum if index % 2 == parity_ else feature.minimum
                for index, feature in enumerate(numbers)
            }
            made.append({**record, **ends})
        made.append({**record, **{feature.name: feature.maximum for feature in numbers}})
    return made


def outliers(endpoint: "Endpoint", artifact: "Artifact") -> Check:
    """Whether rows at the ends of all ranges are flagged, and no more of the recorded ones than were."""
    rows = corners(artifact)
    answer = endpoint.score({"records": rows}, synthetic=True)
    if answer.status_code != 200:
        reason = f"POST /score with rows at the ends of their ranges gives {answer.status_code}"
        return Check(name="outliers", passed=False, figures={}, reason=reason)
    flagged = sum(bool(item.get("flag")) for item in answer.json().get("outliers", ()))
    usual = sum(bool(item["flag"]) for item in artifact.samples.outliers)
    return Check(
        name="outliers",
        passed=flagged > 0,
        figures={
            "rows_at_the_ends": len(rows),
            "flagged": flagged,
            "recorded_rows": len(artifact.samples.outliers),
            "recorded_flagged": usual,
        },
        reason="rows at the ends of all ranges are flagged"
        if flagged
        else "no row at the ends of all ranges is flagged: the detector sees nothing",
    )


def drift(endpoint: "Endpoint", artifact: "Artifact") -> Check:
    """Whether the reference tells rows like the training's from moved ones, and the service watches."""
    from scoring.model.drift import DriftRules, evaluate

    reference, rules = artifact.drift, DriftRules()
    same = evaluate(reference, window(reference, rules.window_rows), rules, None)
    unseen = [
        sketch.name
        for index, sketch in enumerate(reference.sketches)
        if len(sketch.counts) > 1
        and sketch.name
        not in evaluate(reference, window(reference, rules.window_rows, index), rules, None).drifted
    ]
    answer = endpoint.drift()
    watched = answer.status_code == 200 and answer.json()["report"].get("status") in STATES
    wrong = [
        *(
            [f"rows like the training's are called drifted: {', '.join(same.drifted)}"]
            if same.drifted
            else []
        ),
        *([f"half of the rows moved is not seen in {', '.join(unseen)}"] if unseen else []),
        *([] if watched else [f"GET /drift gives {answer.status_code}"]),
    ]
    return Check(
        name="drift",
        passed=not wrong,
        figures={"features": len(reference.sketches), "unseen": len(unseen)},
        reason="; ".join(wrong) or "moved rows are seen in each feature, rows like the training's in none",
    )


def window(reference: "DriftReference", rows: int, moved: int | None = None) -> Any:
    """Counts of a window that is distributed as the reference; half of the rows of one feature moved into the
    bin that the reference has least of."""
    import numpy as np

    from scoring.model.drift import WindowCounts

    counts = np.zeros((len(reference.sketches), reference.bins), dtype=np.int64)
    for index, sketch in enumerate(reference.sketches):
        known = np.asarray(sketch.counts, dtype=np.float64)
        exact = known / known.sum() * rows
        whole = np.floor(exact).astype(np.int64)
        missing = rows - int(whole.sum())
        whole[np.argsort(whole - exact)[:missing]] += 1  # the largest remainders, so that the sum is right
        if index == moved:
            taken = np.floor(whole * SHARE_MOVED).astype(np.int64)
            whole -= taken
            whole[int(np.argmin(known))] += int(taken.sum())
        counts[index, : whole.size] = whole
    return WindowCounts(rows, counts)
