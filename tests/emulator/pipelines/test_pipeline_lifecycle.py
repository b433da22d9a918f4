"""What programs do with a pipeline once it is submitted: follow, cancel, run again, archive, schedule."""

# without deferred annotations: the SDK reads those of a pipeline's function as they are
import time
from typing import Any

import pytest

from tests.emulator.pipelines.lab import FOLDER, Lab, command

pytestmark = pytest.mark.e2e


def failing(lab: Lab, *, go_on: bool) -> Any:
    """A pipeline whose first step fails until a file says that it was mended; one is behind, one beside."""
    from azure.ai.ml import Input, Output, dsl

    line = f"echo oh no; test -e {lab.root}/mended || exit 3; touch ${{{{outputs.out}}}}/a"
    bad = command("bad", line, outputs={"out": Output(type=FOLDER)})
    behind = command("behind", "ls ${{inputs.rows}}", inputs={"rows": Input(type=FOLDER)})
    beside = command("beside", "sleep 0.5; echo fine")

    @dsl.pipeline(default_compute="cpu")
    def pipeline():
        behind(rows=bad().outputs.out)
        beside()

    job = pipeline()
    job.settings.continue_on_step_failure = go_on
    return job


@pytest.mark.parametrize(("go_on", "beside"), [(True, "Completed"), (False, "Canceled")])
def test_step_that_fails(lab: Lab, capsys: pytest.CaptureFixture[str], go_on: bool, beside: str) -> None:
    from azure.ai.ml.exceptions import JobException

    job = lab.submit(failing(lab, go_on=go_on))
    with pytest.raises(JobException, match=r"Step 'bad' of the pipeline failed: .*exit code 3(?s:.*)oh no"):
        lab.ml.jobs.stream(job.name)
    assert "behind: not started" in capsys.readouterr().out
    assert lab.wait(job.name).status == "Failed"
    steps = lab.steps(job.name)
    assert {name: step.status for name, step in steps.items()} == {"bad": "Failed", "beside": beside}
    assert lab.log(steps["bad"].name) == "oh no\n"


def test_pipeline_is_run_again_after_it_was_mended(lab: Lab) -> None:
    lab.file("mended", "")
    job = failing(lab, go_on=False)
    job.settings.force_rerun = True
    assert lab.run(job).status == "Completed"
    (lab.root / "mended").unlink()


def test_cancel_reaches_the_steps_of_a_nested_pipeline(lab: Lab) -> None:
    from azure.ai.ml import dsl

    long = command("long", "sleep 1000")

    @dsl.pipeline()
    def inner():
        long()

    @dsl.pipeline(default_compute="cpu")
    def outer():
        inner()

    job = lab.submit(outer())
    end = time.monotonic() + 20
    while not (below := lab.steps(job.name)) or not (deep := lab.steps(below["inner"].name)):
        assert time.monotonic() < end
        time.sleep(0.05)
    lab.wait(deep["long"].name, "Running")
    lab.ml.jobs.begin_cancel(job.name).result()
    assert lab.wait(job.name).status == "Canceled"
    assert lab.wait(deep["long"].name).status == "Canceled"
    assert lab.wait(below["inner"].name).status == "Canceled"


def test_finished_pipeline_is_listed_archived_and_restored(lab: Lab) -> None:
    from azure.ai.ml import dsl

    @dsl.pipeline(default_compute="cpu", tags={"first": "1"})
    def pipeline():
        command("quick", "true")()

    done = lab.run(pipeline())
    done.tags["second"] = "2"
    done.display_name = "Shown otherwise"
    assert lab.submit(done).tags == {"first": "1", "second": "2"}
    assert lab.ml.jobs.get(done.name).display_name == "Shown otherwise"
    lab.ml.jobs.archive(done.name)
    assert done.name not in [job.name for job in lab.ml.jobs.list()]
    lab.ml.jobs.restore(done.name)
    assert done.name in [job.name for job in lab.ml.jobs.list()]


def test_name_of_a_job_is_taken_once(lab: Lab) -> None:
    """As Azure does it: the same content is the same job, another is refused."""
    from azure.core.exceptions import HttpResponseError

    def once(line: str) -> Any:
        return command("taken", line, compute="cpu")

    assert lab.submit(once("echo first")).name == lab.submit(once("echo first")).name == "taken"
    lab.wait("taken")
    with pytest.raises(HttpResponseError, match="the existing job's command cannot be changed"):
        lab.submit(once("echo second"))
    assert lab.log("taken") == "first\n"


def test_schedules_of_pipelines(lab: Lab) -> None:
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.entities import CronTrigger, JobSchedule, RecurrencePattern, RecurrenceTrigger
    from azure.core.exceptions import HttpResponseError

    show = command("show", "echo ${{inputs.word}}", inputs={"word": Input(type="string")})

    @dsl.pipeline(default_compute="cpu")
    def pipeline(word: str):
        show(word=word)

    pattern = RecurrencePattern(hours=10, minutes=[0, 1])
    triggers = {
        "by-cron": CronTrigger(expression="15 10 * * 1", time_zone="UTC"),
        "by-recurrence": RecurrenceTrigger(frequency="day", interval=1, schedule=pattern),
    }
    for name, trigger in triggers.items():
        schedule = JobSchedule(name=name, trigger=trigger, create_job=pipeline(word=name))
        assert lab.ml.schedules.begin_create_or_update(schedule).result().is_enabled
    assert sorted(one.name for one in lab.ml.schedules.list()) == ["by-cron", "by-recurrence"]
    job = lab.wait(lab.ml.schedules.trigger("by-cron").job_name)
    assert job.status == "Completed"
    assert lab.log(lab.steps(job.name)["show"].name) == "by-cron\n"
    lab.ml.schedules.begin_disable("by-cron").result()
    with pytest.raises(HttpResponseError, match="is disabled; enable it first"):
        lab.ml.schedules.trigger("by-cron")
    assert [one.name for one in lab.ml.schedules.list()] == ["by-recurrence"]
    lab.ml.schedules.begin_enable("by-cron").result()
    for name in triggers:
        lab.ml.schedules.begin_disable(name).result()
        lab.ml.schedules.begin_delete(name).result()
    assert list(lab.ml.schedules.list()) == []
