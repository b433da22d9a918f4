"""The pipeline of this checkout, published into a workspace: once by content, called, and tidied up."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.azure.assets import Assets
from ml.azure.clients import Azure
from ml.jobs import data, snapshot
from ml.jobs.pipeline import STEPS
from ml.jobs.snapshot import Snapshot
from ml.jobs.submission import Inputs, Made, Request
from ml.published import publish as publishing
from ml.published.publish import publish
from ml.published.reason import Reason
from ml.published.start import begin
from ml.sources.address import LocalFile
from tests.emulator.pipelines.lab import Lab

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
WHY = Reason("data", 'a file; $(touch x) "100%"', "event/1")


@pytest.fixture(scope="module")
def code() -> Snapshot:
    return snapshot.of_steps(ROOT, STEPS)


def other(code: Snapshot, mark: str) -> Snapshot:
    """The same code with another content in a file that nothing reads."""
    return replace(code, files={**code.files, "mark.txt": mark.encode()}, sha256=mark * 8)


def test_a_content_is_published_once_and_the_newest_stay(azure: Azure, lab: Lab, code: Snapshot) -> None:
    first = publish(azure, code, "plain:1")
    assert (first.made, first.removed) == (True, ())
    assert publish(azure, replace(code, commit="another"), "plain:1") == replace(first, made=False)
    endpoint = lab.ml.batch_endpoints.get(first.endpoint)
    assert (endpoint.scoring_uri, endpoint.defaults.deployment_name) == (first.url, first.deployment)
    pipeline = lab.ml.components.get("training", version=first.version)
    assert set(pipeline.jobs) == set(STEPS)
    assert pipeline.inputs["trials"].default == azure.settings.tuning.trials
    assert lab.ml.components.get("training_card", version=first.version).name == "training_card"

    made = [publish(azure, other(code, mark), "plain:1") for mark in "abc"]
    assert [one.removed for one in made] == [(), (), (first.deployment,)]
    back = publish(azure, other(code, "b"), "plain:1")
    assert (back.made, back.deployment, back.removed) == (False, made[1].deployment, ())
    assert lab.ml.batch_endpoints.get(first.endpoint).defaults.deployment_name == back.deployment


def test_a_publication_that_was_cut_off_is_taken_up(
    azure: Azure, lab: Lab, code: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = other(code, "k")
    default = publish(azure, code, "plain:1").deployment

    class Killed(Exception):
        pass

    def cut(*_: Any) -> Any:
        raise Killed

    for step in ("_component", "_deploy", "_put_endpoint"):
        with monkeypatch.context() as patch:
            patch.setattr(publishing._Publisher, step, cut)
            with pytest.raises(Killed):
                publish(azure, changed, "plain:1")
        endpoint = lab.ml.batch_endpoints.get(publish(azure, code, "plain:1").endpoint)
        assert endpoint.defaults.deployment_name == default, "the default is switched last"
    done = publish(azure, changed, "plain:1")
    assert lab.ml.batch_endpoints.get(done.endpoint).defaults.deployment_name == done.deployment


def test_a_deployment_that_azure_could_not_make_is_made_again(
    azure: Azure, code: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = other(code, "f")
    publish(azure, changed, "plain:1")
    publish(azure, code, "plain:1")
    monkeypatch.setattr(Assets, "settled", lambda assets, path, what: "Failed")
    assert publish(azure, changed, "plain:1").made


def test_a_start_says_why_in_inputs_and_tags_and_goes_once(azure: Azure, lab: Lab, code: Snapshot) -> None:
    file = data.inspect(ROOT / "data" / "credit_default.parquet")
    asset = data.register(azure, file)
    made = Made("plain:1", f"{asset.name}:{asset.version}")
    request = Request(
        LocalFile(file.path), "cost", 0.25, 3, wait=False, force=True, override="why not", reason=WHY
    )
    for _ in range(2):  # the second call finds the run of the first
        begin(azure, request, Inputs(file, code, "k" * 64), made, "train-k")
    job = lab.wait("train-k")
    assert job.status == "Failed", "the plain environment has no pandas"
    values = {name: getattr(one, "_data", one) for name, one in job.inputs.items()}
    assert values["trials"] == "3" and values["anew"] == "train-k"
    assert Reason.of_inputs({name: str(value) for name, value in values.items()}) == replace(
        WHY, data=made.data_asset
    )
    assert Reason.of(job.tags) == replace(WHY, data=made.data_asset)
    assert job.tags["override"] == "why not" and job.tags["key"] == "k" * 64
    assert job.experiment_name == azure.settings.training.experiment
    assert [
        one.name for one in lab.ml.batch_endpoints.list_jobs(publish(azure, code, "plain:1").endpoint)
    ] == ["train-k"]
