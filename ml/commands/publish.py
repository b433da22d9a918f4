"""`mlops publish`: the training pipeline under the endpoint that every start of a training calls."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Publish the training pipeline: as a component, under the batch endpoint by which trainings start.

    Its version is named by its content: code, environment, settings. When that is published already, the
    command says so and makes nothing. Otherwise the new version becomes the endpoint's default at the end.
    Earlier ones stay while runs of them are under way, or while they are among the newest (published.keep in
    ml/settings.toml).
    """
    run(env, as_json, quiet, lambda azure, root: published(azure, root, rebuild), render)


def published(azure: "Azure", root: Path, rebuild: bool) -> dict[str, Any]:
    from ml.jobs import environment, pipeline, snapshot
    from ml.published.publish import publish

    code = snapshot.of_steps(root, pipeline.STEPS)
    azure.report.line(f"code {code.commit}, {len(code.files)} files")
    with azure.report.phase("training environment"):
        made = environment.ensure(azure, root, rebuild)
    with azure.report.phase("published pipeline"):
        done = publish(azure, code, f"{made.name}:{made.version}", anew=rebuild)
    return asdict(done)


def render(answer: Mapping[str, Any]) -> RenderableType:
    made = "published" if answer["made"] else "as it was: its content is published already"
    rows = {
        "version": f"{answer['version']}, {made}",
        "endpoint": answer["endpoint"],
        "address": answer["url"],
        "deployment": answer["deployment"],
        **({"removed": ", ".join(answer["removed"])} if answer["removed"] else {}),
    }
    return facts("The training pipeline", rows)
