"""The loop by the real parts, in order and with no hand on it: each test goes on from the one before it.

A file lands -> Event Grid -> queue -> function -> the published pipeline -> a better model is registered ->
Event Grid -> queue -> function -> the workflow `release` -> the gate, which nobody passes. Then an alert over
real telemetry starts a training whose model is no better, and nothing waits.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emulator.functions.running import Running
from emulator.identity.directory import SIGNED_IN
from ml.published.reason import Reason
from ml.steps.contract import LABEL
from ml.watch.read import NO_MODEL
from tests.e2e import homes
from tests.e2e.conftest import ROOT
from tests.e2e.github import HOST, GitHub
from tests.e2e.inside import running_inside
from tests.e2e.jobs import checked_out
from tests.e2e.loop import ENGINEER, OVER, PROGRAMS, Loop, until
from tests.e2e.production import BUILD, CI, PROMOTE, UP, check, promoters, settings_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
REPOSITORY: Final = "example/estate"
APP, INSTALLATION, KEY = "Iv23liLoop", "12345678", "release-app"
ROWS: Final = 5_000  # of what lands: a training of seconds
DRIFTED: Final = 400  # rows that are scored at a time: more than the window of loop.toml
LANDED: Final = "2026/11/rows-30.parquet"


@dataclass
class Case(Loop):
    github: GitHub
    release: str = ""


def rows(changed: bool) -> pa.Table:
    """Rows of the example data; changed: in a world where small limits are what is paid back."""
    table = pq.read_table(ROOT / "data" / "credit_default.parquet")
    random = np.random.default_rng(7)
    table = table.take(random.choice(table.num_rows, ROWS, replace=False))
    if not changed:
        return table
    limits = table.column("limit_bal").to_numpy()
    share = np.where(limits > np.median(limits), 0.6, 0.08)
    labels = pa.array((random.random(ROWS) < share).astype("int8"))
    return table.set_column(table.column_names.index(LABEL), LABEL, labels)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Production has its first release, stage hears of data, alerts and models, trainings are small."""
    folder = tmp_path_factory.mktemp("loop")
    home = homes.clone(homes.released(tmp_path_factory) / homes.HOME, folder / "home")
    private = rsa.generate_private_key(65537, 2048)
    github = GitHub(private.public_key(), REPOSITORY, APP, INSTALLATION)
    with running_inside(home) as world:
        world.inner.hosts.route(HOST, github.handle)
        outputs = json.loads(world.pulumi("stack output", "stage", "--json").stdout)
        group = f"/subscriptions/{outputs['subscription_id']}/resourceGroups/{outputs['resource_group']}"
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/{outputs['key_vault']}"
        world.command(
            sys.executable, "-m", "emulator", "run", "--", sys.executable,
            str(PROGRAMS / "import_key.py"), vault, KEY, given=f"{SIGNED_IN.object_id}\n{pem}",
        )  # fmt: skip
        app = {"repository": REPOSITORY, "app": APP, "installation": INSTALLATION, "key": KEY}
        world.pulumi(
            "up", "stage", *UP,
            *settings_of("stage", "releases", promoterId=promoters(world)["prod"]),
            *settings_of("stage", "retraining", github=app, debounceMinutes=0),
        )  # fmt: skip
        made = Case(world, folder, outputs, github)
        made.mlops("publish")
        assert made.mlops("trigger", "deploy")["app"] == outputs["retraining_app"]
        yield made


def models(case: Case) -> list[str]:
    kind = "Microsoft.MachineLearningServices/workspaces/models/versions"
    return [f"{one['id'].split('/')[-3]}:{one['name']}" for one in case.world.inner.store.by_type(kind)]


def test_a_file_that_lands_becomes_a_better_model(case: Case) -> None:
    before = models(case)
    case.land(LANDED, rows(changed=True))
    run = case.ended(0)
    assert run["properties"]["status"] == "Completed", run
    reason = Reason.of(run["properties"]["tags"])
    assert reason is not None
    assert (reason.started_by, reason.words) == ("data", f"{LANDED} landed")
    assert reason.data.endswith(f"/datastores/lake_landing/paths/{LANDED}") and reason.event
    assert len(models(case)) == len(before) + 1
    assert len(case.started()) == 1
    (logged,) = case.mlops("trigger", "log")["log"]
    assert (logged["job"], logged["event"]) == (run["name"], reason.event)


def test_its_registration_starts_the_release_up_to_the_gate(case: Case) -> None:
    """Once for each model: the first one's event has waited in the queue until there was a function."""
    wanted = [{"model": one} for one in models(case)]
    until(lambda: len(case.github.dispatched) == len(wanted) or None, "the workflow", case.told)
    assert case.github.dispatched == wanted
    assert case.github.refused == []
    given = {"inputs.release": "", "inputs.model": models(case)[-1]}
    built = BUILD.run(case.world, checked_out(case.folder / "build", case.world), given, OVER)
    check(built)
    case.release = built.outputs["release"]
    before = in_production(case)
    given = {"needs.build.outputs.release": case.release}
    promoted = PROMOTE.run(case.world, checked_out(case.folder / "promote", case.world), given, OVER)
    assert promoted.failed
    assert "is not approved for prod" in promoted.said()
    assert in_production(case) == before
    assert case.release not in json.dumps(before)
    shown = case.mlops("release", "show", case.release)
    assert shown["approvals"] == []


def in_production(case: Case) -> dict[str, Any]:
    """Revisions and weights."""
    status = ("mlops", "status", "--env", "prod", "--json")
    found = json.loads(case.world.emulator("run", *CI, "--", *status).stdout)["production"]
    return {name: found[name] for name in ("revisions", "promotion") if name in found}


def test_drift_starts_a_training_whose_model_is_no_better_and_nothing_waits(case: Case) -> None:
    before, dispatched = models(case), len(case.github.dispatched)
    # The service tells of the same drift once a minute, and of another one at once.
    features = cycle(("age", "limit_bal", "pay_amt1"))

    def alerted() -> bool | None:
        case.mlops("score", "--file", str(drifted(case, next(features))), "--rows", str(DRIFTED))
        now = datetime.now(UTC)
        next_quarter = now + (datetime.min.replace(tzinfo=UTC) - now) % timedelta(minutes=15)
        case.world.inner.alerts.evaluate(next_quarter)
        return len(case.started()) > 1 or None

    until(alerted, "a training by an alert", case.told)
    run = case.ended(1)
    assert run["properties"]["status"] == "Completed"
    reason = Reason.of(run["properties"]["tags"])
    assert reason is not None and reason.started_by == "metric"
    assert "drift fired" in reason.words and reason.data.endswith(LANDED)
    assert models(case) == before
    assert len(case.github.dispatched) == dispatched
    page = case.mlops("monitor", "--to", str(case.folder / "monitor.html"))["facts"]
    became = {one["job"]: one["became"] for one in page["trainings"]["trainings"]}
    assert became[run["name"]] == NO_MODEL
    assert became[case.started()[0]["name"]] == before[-1]


def drifted(case: Case, feature: str) -> Path:
    """Rows of which one feature has moved."""
    table = rows(changed=False).slice(0, DRIFTED)
    values = table.column(feature).to_numpy()
    low, high = np.quantile(values, (0.1, 0.9))
    moved = pa.array(values + int(high - low))
    file = case.folder / f"{feature}.parquet"
    pq.write_table(table.set_column(table.column_names.index(feature), feature, moved), file)
    return file


def test_a_pause_keeps_new_data_for_later(case: Case) -> None:
    paused = case.mlops("trigger", "pause", "--reason", "a look at the data", who=ENGINEER)
    assert paused["paused_by"] == ENGINEER[1]
    case.land("2026/12/rows-01.parquet", rows(changed=False).slice(0, 100))
    status = until(lambda: waiting(case), "data that waits", case.told)
    assert status["refused"]["paused"] == 1 and len(case.started()) == 2
    assert case.mlops("trigger", "resume", who=ENGINEER)["waiting"].endswith("2026/12/rows-01.parquet")


def waiting(case: Case) -> dict[str, Any] | None:
    status = case.mlops("trigger", "status")
    return status if status["waiting"] else None


def test_the_function_is_the_package_of_this_checkout(case: Case) -> None:
    (app,) = case.world.inner.store.by_type("Microsoft.Web/sites")
    running = case.world.inner.function_apps.find(app["id"])
    assert isinstance(running, Running)
    assert running.counts["events"] >= 3 and running.counts["alerts"] == 1
    assert case.world.status()["refused_hosts"] == []
