"""`mlops trigger status`: whether triggers work, what runs, what was refused and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import facts, table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Whether trainings start by themselves, which one did last, what was refused and why."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.trigger.place import state_of

        state, _ = state_of(azure).read()
        return {"environment": env, "app": azure.estate.retraining_app, **told(state)}

    run(env, as_json, quiet, work, render)


def told(state: Any) -> dict[str, Any]:
    """What a state says to a person."""
    last = state.runs[-1] if state.runs else None
    return {
        "paused": state.paused or None,
        "paused_by": state.paused_by or None,
        "last": entry(last) if last else None,
        "running": [one.job for one in state.runs if one.active] + list(state.others),
        "waiting": state.waiting.data if state.waiting else None,
        "newest_data": state.newest or None,
        "refused": dict(sorted(state.counts.items())),
        "limits": state.limits.model_dump(),
    }


def entry(run: Any) -> dict[str, Any]:
    """A training in a line of the log."""
    return {
        "at": run.decided.isoformat(timespec="seconds"),
        "job": run.job,
        "started_by": run.event.started_by,
        "reason": run.event.words,
        "event": run.event.id,
        "data": run.data,
        "status": run.ended or ("called" if run.called else "not called yet"),
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    from ml.trigger.decide import WORDS

    last = answer["last"]
    rows = {
        "triggers": f"paused by {answer['paused_by']}: {answer['paused']}" if answer["paused"] else "work",
        "running": ", ".join(answer["running"]) or "nothing",
        "last training": f"{last['job']} ({last['started_by']}: {last['reason']})" if last else "none",
        "data that waits": answer["waiting"] or "none",
        "at most": f"{answer['limits']['daily']} in 24 hours, one in "
        f"{answer['limits']['debounce_minutes']:g} minutes",
    }
    refused = table("Refused", "why", "times", "that is")
    for why, times in answer["refused"].items():
        refused.add_row(escape(why), str(times), WORDS[why])
    parts: list[RenderableType] = [facts(f"Triggers of {answer['environment']}", rows)]
    return Group(*parts, refused) if answer["refused"] else Group(*parts, "Nothing was refused.")
