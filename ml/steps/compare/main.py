"""compare: the new model's metrics against the latest registered model's, and its bounds -> decision.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ml.steps.card import CARD
from ml.steps.compare import DECISION
from ml.steps.compare.champion import judged
from ml.steps.compare.decision import decide
from ml.steps.compare.override import decoded
from ml.steps.errors import exit_code
from ml.steps.evaluate import METRICS
from ml.steps.evaluate.metrics import Costs
from ml.steps.files import TEST, read_json, read_table, write_json
from ml.steps.registry import AzureRegistry, Registry


def run(
    evaluation: Path,
    card: Path,
    validated: Path,
    model_name: str,
    metric: str,
    margin: float,
    decision: Path,
    connect: Callable[[], Registry] = AzureRegistry,
    override: str | None = None,
) -> None:
    challenger, measured = read_json(evaluation / METRICS), read_json(card / CARD)
    registry = connect()
    champion = next(iter(registry.versions(model_name)), None)
    champion_metrics = None
    if champion is not None:
        stated = measured["threshold"]
        costs = Costs(float(stated["false_negative_cost"]), float(stated["false_positive_cost"]))
        test_sha256 = str(challenger["test_sha256"])
        champion_metrics = judged(
            registry, champion, test_sha256, lambda: read_table(validated / TEST), costs
        )
    version = champion.version if champion else None
    decided = decide(metric, margin, challenger, champion_metrics, version, measured["bounds"], override)
    write_json(decided.to_json(), decision / DECISION)
    print(f"{'accepted' if decided.accepted else 'not accepted'}: {decided.reason}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--evaluation", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--validated", type=Path, required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--metric", required=True)
    parser.add_argument("--margin", type=float, required=True)
    parser.add_argument("--override", type=decoded, help="percent-encoded")
    parser.add_argument("--decision", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code(
        "compare",
        lambda: run(
            given.evaluation,
            given.card,
            given.validated,
            given.model_name,
            given.metric,
            given.margin,
            given.decision,
            override=given.override,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
