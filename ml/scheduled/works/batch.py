"""A batch as a job: the engine of one machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ml.batch import machine
from ml.batch.asked import Asked
from ml.batch.told import lines
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    return machine.score(azure, Asked.of_json(asked), lines(azure.report.line))


if __name__ == "__main__":
    sys.exit(inside.main(work))
