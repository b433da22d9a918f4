"""What a job of a command does around its own work: reads the estate, does the work, writes its answer.

It runs in the training environment, which has no library of the terminal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from infra.outputs import EstateOutputs
from ml.azure.clients import Azure
from ml.azure.known import known
from ml.scheduled.lines import Lines
from ml.steps.compare.override import decoded

ESTATE: Final = "estate.json"  # beside the code: the outputs of the stack that the job was submitted for
ANSWER: Final = "answer.json"  # in the job's output
Work = Callable[[Azure, str], dict[str, Any]]


def main(work: Work, arguments: list[str] | None = None) -> int:
    """The job's exit code: 1 after a failure that a person can act on, told in the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", required=True, help="what the work takes, percent-encoded")
    parser.add_argument("--answer", type=Path, required=True, help="the folder for the answer")
    given = parser.parse_args(arguments)
    report: Any = Lines()
    azure = Azure(EstateOutputs.model_validate_json(Path(ESTATE).read_text(encoding="utf-8")), report)
    try:
        answer = work(azure, decoded(given.asked))
    except Exception as error:
        told = known(error)
        if told is None:
            raise
        for line in (f"error: {told.problem}", *told.details, f"what to do: {told.remedy}"):
            print(line, file=sys.stderr, flush=True)
        return 1
    given.answer.mkdir(parents=True, exist_ok=True)
    text = json.dumps(answer, indent=2, sort_keys=True, default=str)
    (given.answer / ANSWER).write_text(text, encoding="utf-8")
    return 0
