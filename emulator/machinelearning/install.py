"""Azure Machine Learning: workspaces, their assets, and jobs that really run.

How it is known to differ from Azure stands in ``differences.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.machinelearning import (
    assets,
    computes,
    datastores,
    jobs,
    notemulated,
    schedules,
    softdelete,
    workspaces,
)
from emulator.machinelearning.dataplane import HOSTS, DataPlane
from emulator.machinelearning.executor import Executor
from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.references import References
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.runtimes import Runtimes
from emulator.machinelearning.tracking.artifacts import Artifacts
from emulator.machinelearning.tracking.experiments import Experiments
from emulator.machinelearning.tracking.metrics import Metrics
from emulator.machinelearning.tracking.service import Tracking
from emulator.machinelearning.tracking.tokens import RunTokens
from emulator.machinelearning.tracking.tracked import Tracked

if TYPE_CHECKING:
    from emulator.app import Emulator


def install(emulator: Emulator) -> None:
    """Hooks, the data plane's route, and the executor, which goes on with what was cut off."""
    references = References(emulator.store)
    runs = Runs(emulator.store)
    runtimes = Runtimes(emulator)
    logs = JobLogs(emulator)
    metrics = Metrics(emulator.store)
    tracked = Tracked(emulator, runs, metrics, Experiments(emulator.store))
    tokens = RunTokens(emulator, runs)
    executor = Executor(emulator, references, runs, runtimes, logs, tokens, metrics)
    rules = jobs.Jobs(emulator, references, runs, runtimes, executor)
    softdelete.install(emulator.arm)
    workspaces.install(emulator)
    datastores.install(emulator)
    computes.install(emulator, executor.nodes.busy)
    assets.install(emulator, references)
    jobs.install(emulator, rules, runs, executor)
    tracked.install()
    schedules.install(emulator, rules)
    notemulated.install(emulator)
    tracking, artifacts = Tracking(emulator, tracked, tokens), Artifacts(emulator, tracked)
    emulator.route(HOSTS, DataPlane(emulator, runs, logs, tracking, artifacts, tokens).handle)
    emulator.on_start(executor.resume)
    emulator.on_stop(executor.stop)
