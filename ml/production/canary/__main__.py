"""`python -m ml.production.canary`: the judge's two figures, measured. The table goes to docs/canary.md.

Of the steps as the settings have them: a file that MLOPS_SETTINGS names may ask for fewer requests.
"""

import argparse

from ml.production.canary.metrics import ALPHA
from ml.production.canary.simulation import Outcome, scenarios, simulate
from ml.production.canary.steps import table
from ml.settings import settings


def row(outcome: Outcome) -> str:
    half, most, nearly = outcome.requests
    figures = f"{half:.0f} | {most:.0f} | {nearly:.0f}" if outcome.back else "- | - | -"
    kind = "good" if outcome.good else "bad"
    return f"| {outcome.title} | {kind} | {outcome.back:.2%} | {figures} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=2000, help="simulated releases of each kind")
    parser.add_argument("--seed", type=int, default=20261129)
    given = parser.parse_args()
    steps = table(settings().production.judged_requests())
    judged = ", ".join(f"{step.percent}% until {step.least} are judged" for step in steps if step.least)
    print(
        f"{given.releases} simulated releases of each kind (seed {given.seed}), alpha {ALPHA:g}: {judged}\n"
    )
    print("| the new revision | within the margins | goes back | requests: half | 95 of 100 | 99 of 100 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for number, scenario in enumerate(scenarios()):
        print(row(simulate(scenario, given.releases, given.seed + number, steps)), flush=True)


if __name__ == "__main__":
    main()
