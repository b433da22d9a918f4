"""Azure Machine Learning: workspaces, their assets, and jobs that really run.

How it is known to differ from Azure stands in ``differences.py``.
"""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.eventgrid.publish import Publisher
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.images.store import Images
from emulator.lifetime import Lifetime
from emulator.machinelearning import (
    assets,
    computes,
    datastores,
    jobs,
    keys,
    notemulated,
    schedules,
    softdelete,
    workspaces,
)
from emulator.machinelearning.batch import invocations as batch
from emulator.machinelearning.components import Components
from emulator.machinelearning.dataplane import HOSTS, DataPlane
from emulator.machinelearning.datastore_service import DatastoreService
from emulator.machinelearning.executor import Executor
from emulator.machinelearning.happenings import Announcer
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
from emulator.network.reach import Reach
from emulator.processes import Processes
from emulator.refusals import Refusals
from emulator.storage.service import Blobs
from emulator.workplaces import Workplaces


def install(
    home: Home,
    arm: Arm,
    store: Store,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    blobs: Blobs,
    images: Images,
    processes: Processes,
    refusals: Refusals,
    workplaces: Workplaces,
    reach: Reach,
    publisher: Publisher,
) -> None:
    """Hooks, the data plane's route, and the executor, which goes on with what was cut off."""
    references = References(store)
    runs = Runs(store)
    announcer = Announcer(store, publisher)
    runs.advanced = announcer.advanced
    announcer.install(arm)
    runtimes = Runtimes(store, images, processes)
    logs = JobLogs(arm, blobs)
    metrics = Metrics(store)
    tracked = Tracked(arm, store, identity, runs, metrics, Experiments(store))
    tokens = RunTokens(identity, runs)
    executor = Executor(
        home,
        arm,
        store,
        identity,
        blobs,
        processes,
        workplaces,
        references,
        runs,
        runtimes,
        logs,
        tokens,
        metrics,
        reach,
    )
    rules = jobs.Jobs(arm, store, references, runs, runtimes, executor)
    softdelete.install(arm)
    workspaces.install(arm)
    keys.install(arm)
    datastores.install(arm, store, blobs)
    computes.install(arm, executor.nodes.busy)
    assets.install(arm, store, identity, blobs, references, Components(references, runtimes))
    jobs.install(arm, rules, runs, executor)
    tracked.install()
    schedules.install(arm, store, lifetime, identity, rules)
    batch.install(arm, store, executor.component)
    notemulated.install(arm)
    tracking, artifacts = Tracking(arm, refusals, tracked, tokens), Artifacts(arm, blobs, tracked)
    stores = DatastoreService(arm, store, identity, blobs)
    called = batch.Invocations(arm, store, identity, reach, runs, executor.component)
    hosts.route(
        HOSTS, DataPlane(arm, store, runs, logs, tracking, artifacts, tokens, stores, reach, called).handle
    )
    hosts.route(batch.HOSTS, called.handle)
    lifetime.on_start(executor.resume)
    lifetime.on_stop(executor.stop)
