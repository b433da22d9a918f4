"""`python -m ml.quality.year`: the long form. Writes JSON to standard output, progress to standard error.

Exit code 1 when a target of docs/quality.md is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter as Tally
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from statistics import median
from typing import Any, Final

from ml.quality.rules import Rules
from ml.quality.year.power import (
    MONTHS,
    Told,
    clean_year,
    concept_seen,
    covariate_seen,
    fade_for,
    share,
    stories,
    told,
)
from ml.quality.year.replay import Traffic
from ml.steps.cores import cores

WINDOW: Final = 2_000  # rows: targets of docs/quality.md
LABELLED: Final = 5_000
SHIFT: Final = 0.5
LOSS: Final = 0.05
POWER: Final = 0.9
RETRAININGS: Final = 1.0  # of a clean year, on the average


def _story(number: int, seed: int, traffic: Traffic, rules: Rules, days: int) -> Told:
    return told(stories()[number], seed, traffic, rules, days)


def _table(each: list[Told]) -> dict[str, Any]:
    caught = [one for one in each if one.first_right is not None]
    wrong: Tally[str] = Tally()
    for one in each:
        wrong.update(one.wrong)
    return {
        "right": f"{len(caught)} of {len(each)}",
        "days": median(one.first_right or 0 for one in caught) if caught else None,
        "rows": median(one.rows for one in caught) if caught else None,
        "labelled_rows": median(one.labelled for one in caught) if caught else None,
        "wrong_days": dict(wrong),
    }


def measure(seeds: int, years: int, retold: int, days: int, workers: int) -> dict[str, Any]:
    rules, traffic = Rules(), Traffic()
    fade_for(LOSS)  # before the processes are forked, so that each has it
    with ProcessPoolExecutor(workers) as pool:
        shift = share(pool.map(partial(covariate_seen, rows=WINDOW, size=SHIFT, rules=rules), range(seeds)))
        _say(f"covariate shift of {SHIFT} sd within {WINDOW} rows: {shift:.2f}")
        concept = share(pool.map(partial(concept_seen, rows=LABELLED, loss=LOSS, rules=rules), range(seeds)))
        _say(f"loss of {LOSS} within {LABELLED} labelled rows: {concept:.2f}")
        clean = list(pool.map(partial(clean_year, traffic=traffic, rules=rules), range(1000, 1000 + years)))
        retrainings = sum(each.retrainings for each in clean) / max(1, years)
        _say(f"false retrainings in {years} clean years: {[each.retrainings for each in clean]}")
        table: dict[str, Any] = {}
        for number, story in enumerate(stories()):
            one = partial(_story, number, traffic=traffic, rules=rules, days=days)
            table[story.name] = _table(list(pool.map(one, range(2000, 2000 + retold))))
            _say(f"{story.name}: {table[story.name]}")
    return {
        "rules": asdict(rules),
        "traffic": asdict(traffic),
        "power": {"seeds": seeds, "covariate_shift": shift, "concept_drift": concept},
        "clean": {
            "years": years,
            "false_retrainings_a_year": retrainings,
            "most_in_a_year": max((each.retrainings for each in clean), default=0),
            "false_alarm_days_a_month": sum(each.alarms for each in clean) / max(1, years) / MONTHS,
        },
        "stories": {"seeds": retold, "days": days, "told": table},
        "met": shift >= POWER and concept >= POWER and retrainings <= RETRAININGS,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.quality.year", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="of each power")
    parser.add_argument("--years", type=int, default=20, help="of clean traffic")
    parser.add_argument("--stories", type=int, default=10, help="seeds of each story")
    parser.add_argument("--days", type=int, default=120, help="of each story")
    parser.add_argument("--workers", type=int, default=cores())
    given = parser.parse_args(arguments)
    began = time.monotonic()
    found = measure(given.seeds, given.years, given.stories, given.days, given.workers)
    _say(f"{time.monotonic() - began:.0f} s")
    print(json.dumps(found, indent=1))
    return 0 if found["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
