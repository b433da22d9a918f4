"""Answers the calls of MLflow's tracking API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, cast

from emulator.http import Request
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.tracking import search, values
from emulator.machinelearning.tracking.errors import invalid
from emulator.machinelearning.tracking.experiments import experiment_id
from emulator.machinelearning.tracking.tracked import NAME, Tracked, start_time
from emulator.principal import Principal

Json = dict[str, Any]
STAGES: Final = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
MOST: Final = 50000
STATUSES: Final = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
RUN, EXPERIMENT = "run_id", "experiment_id"


class Api:
    """Each method answers one call: ``body`` is what was sent, as JSON or in the query."""

    def __init__(self, tracked: Tracked) -> None:
        self._tracked = tracked

    def create_experiment(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        tags = dict(values.tag(tag) for tag in _list(body, "tags"))
        return {EXPERIMENT: self._tracked.experiments.create(workspace, values.text(body, "name"), tags)}

    def get_experiment(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        found = self._tracked.experiments.by_id(workspace, values.text(body, EXPERIMENT))
        return {"experiment": self._experiment(workspace, found)}

    def get_experiment_by_name(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        found = self._tracked.experiments.by_name(workspace, values.text(body, "experiment_name"))
        return {"experiment": self._experiment(workspace, found)}

    def search_experiments(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        stages = _stages(body, "view_type")
        filters = search.conditions(str(body.get("filter") or ""))
        found: list[Json] = []
        for key, one in self._tracked.experiments.all(workspace).items():
            attributes = {
                "name": one["name"],
                "experiment_id": key,
                "run_id": key,
                "start_time": one["created"],
                "creation_time": one["created"],
                "last_update_time": one["updated"],
            }
            seen = {"attributes": attributes, "tags": one["tags"], "metrics": {}, "params": {}}
            if one["stage"] in stages and all(condition.holds(seen) for condition in filters):
                found.append({**seen, "shown": self._experiment(workspace, one)})
        page, token = _page(search.ordered(found, _texts(body, "order_by")), body)
        return {"experiments": [one["shown"] for one in page], **token}

    def delete_experiment(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.experiments.change(workspace, values.text(body, EXPERIMENT), stage="deleted")
        return {}

    def restore_experiment(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.experiments.change(workspace, values.text(body, EXPERIMENT), stage="active")
        return {}

    def set_experiment_tag(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        tags = dict([values.tag(body)])
        self._tracked.experiments.change(workspace, values.text(body, EXPERIMENT), tags=tags)
        return {}

    def create_run(self, workspace: Workspace, body: Json, who: Principal) -> Json:
        experiment = self._tracked.experiments.by_id(workspace, str(body.get(EXPERIMENT) or "0"))
        if experiment["stage"] != "active":
            raise invalid(f"The experiment {experiment['name']!r} must be in the 'active' state.")
        tags = dict(values.tag(tag) for tag in _list(body, "tags"))
        fields = {
            "run_name": str(body.get("run_name") or tags.get(NAME) or ""),
            "user_id": str(body.get("user_id") or who.name),
            "start_time": start_time(values.whole(body, "start_time")),
        }
        name = self._tracked.create(workspace, experiment["name"], fields, tags)
        return {"run": shown(self._tracked.run(workspace, name))}

    def get_run(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        return {"run": shown(self._tracked.run(workspace, _run_of(body)))}

    def update_run(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        changes: Json = {}
        if body.get("status") is not None:
            if body["status"] not in STATUSES:
                raise invalid(f"The status {body['status']!r} is none of {', '.join(STATUSES)}.")
            changes["status"] = body["status"]
        if body.get("end_time") is not None:
            changes["end_time"] = values.whole(body, "end_time")
        if body.get("run_name"):
            changes["run_name"] = str(body["run_name"])
        return {"run_info": shown(self._tracked.update(workspace, _run_of(body), changes))["info"]}

    def delete_run(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.keep(workspace, _run_of(body), deleted=True)
        return {}

    def restore_run(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.keep(workspace, _run_of(body), deleted=False)
        return {}

    def search_runs(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        known = {
            one if one != "0" else experiment_id(workspace, "Default")
            for one in _texts(body, "experiment_ids")
        }
        stages = _stages(body, "run_view_type")
        filters = search.conditions(str(body.get("filter") or ""))
        found = [
            run
            for run in self._tracked.all(workspace)
            if run["attributes"]["experiment_id"] in known
            and run["attributes"]["lifecycle_stage"] in stages
            and all(condition.holds(run) for condition in filters)
        ]
        page, token = _page(search.ordered(found, _texts(body, "order_by")), body)
        return {"runs": [shown(run) for run in page], **token}

    def log_metric(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.log(workspace, _run_of(body), metrics=[values.metric(body)])
        return {}

    def log_parameter(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.log(workspace, _run_of(body), params=[values.param(body)])
        return {}

    def set_tag(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.log(workspace, _run_of(body), tags=[values.tag(body)])
        return {}

    def delete_tag(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        self._tracked.delete_tag(workspace, _run_of(body), values.key(body, "tag"))
        return {}

    def log_batch(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        metrics, params, tags = (_list(body, field) for field in ("metrics", "params", "tags"))
        values.check_batch(metrics, params, tags, int(body.get("size") or 0))
        self._tracked.log(
            workspace,
            _run_of(body),
            metrics=[values.metric(one) for one in metrics],
            params=[values.param(one) for one in params],
            tags=[values.tag(one) for one in tags],
        )
        return {}

    def get_history(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        name = _run_of(body)
        self._tracked.run(workspace, name)
        found = self._tracked.metrics.history(workspace.child("jobs", name), values.text(body, "metric_key"))
        page, token = _page(found, body, most=len(found))
        return {"metrics": [values.shown_metric(point) for point in page], **token}

    def search_logged_models(self, workspace: Workspace, body: Json, _: Principal) -> Json:
        """An empty list. Clients look for logged models before they download files of a run."""
        return {"models": []}

    def _experiment(self, workspace: Workspace, found: Json) -> Json:
        return {
            EXPERIMENT: experiment_id(workspace, found["name"]),
            "name": found["name"],
            "artifact_location": "",
            "lifecycle_stage": found["stage"],
            "creation_time": found["created"],
            "last_update_time": found["updated"],
            "tags": _pairs(found["tags"]),
        }


Call = Callable[[Api, Workspace, Json, Principal], Json]
READ, WRITE = "read", "write"
# (method, call) -> what answers it, and the right that it takes on experiments' runs
CALLS: Final[dict[tuple[str, str], tuple[Call, str]]] = {
    ("POST", "experiments/create"): (Api.create_experiment, WRITE),
    ("GET", "experiments/get"): (Api.get_experiment, READ),
    ("GET", "experiments/get-by-name"): (Api.get_experiment_by_name, READ),
    ("POST", "experiments/search"): (Api.search_experiments, READ),
    ("GET", "experiments/search"): (Api.search_experiments, READ),
    ("POST", "experiments/delete"): (Api.delete_experiment, WRITE),
    ("POST", "experiments/restore"): (Api.restore_experiment, WRITE),
    ("POST", "experiments/set-experiment-tag"): (Api.set_experiment_tag, WRITE),
    ("POST", "runs/create"): (Api.create_run, WRITE),
    ("GET", "runs/get"): (Api.get_run, READ),
    ("POST", "runs/update"): (Api.update_run, WRITE),
    ("POST", "runs/delete"): (Api.delete_run, WRITE),
    ("POST", "runs/restore"): (Api.restore_run, WRITE),
    ("POST", "runs/search"): (Api.search_runs, READ),
    ("POST", "runs/log-metric"): (Api.log_metric, WRITE),
    ("POST", "runs/log-parameter"): (Api.log_parameter, WRITE),
    ("POST", "runs/log-batch"): (Api.log_batch, WRITE),
    ("POST", "runs/set-tag"): (Api.set_tag, WRITE),
    ("POST", "runs/delete-tag"): (Api.delete_tag, WRITE),
    ("POST", "logged-models/search"): (Api.search_logged_models, READ),
    ("GET", "metrics/get-history"): (Api.get_history, READ),
}


def shown(run: Json) -> Json:
    """A run as MLflow's clients read it."""
    info = {**run["attributes"], "run_uuid": run["attributes"]["run_id"]}
    return {
        "info": {key: value for key, value in info.items() if value is not None},
        "data": {
            "metrics": [values.shown_metric(point) for point in run["points"].values()],
            "params": _pairs(run["params"]),
            "tags": _pairs(run["tags"]),
        },
        "inputs": {},
    }


def sent(request: Request) -> Json:
    """What a call says: in the query of a GET, in the body of a POST."""
    if request.method == "GET":
        return dict(request.query)
    return {**request.object(), "size": len(request.body)}


def _run_of(body: Json) -> str:
    name = values.text(body, RUN) if body.get(RUN) else values.text({RUN: body.get("run_uuid")}, RUN)
    if "/" in name:
        raise invalid(f"{name!r} is no run id.")
    return name


def _pairs(found: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in found.items()]


def _list(body: Json, field: str) -> list[Json]:
    found = body.get(field) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise invalid(f"{field} must be a list of objects.")
    return found


def _texts(body: Json, field: str) -> list[str]:
    found = body.get(field) or []
    if not isinstance(found, str | list):
        raise invalid(f"{field} must be a list of texts, not {found!r}.")
    return [found] if isinstance(found, str) else [str(one) for one in cast("list[Any]", found)]


def _stages(body: Json, field: str) -> tuple[str, ...]:
    wanted = str(body.get(field) or "ACTIVE_ONLY")
    if wanted not in STAGES:
        raise invalid(f"{field} is {wanted!r}: it must be one of {', '.join(STAGES)}.")
    return STAGES[wanted]


def _page(found: list[Json], body: Json, most: int = 1000) -> tuple[list[Json], Json]:
    """One page of an answer, and the token of the next one."""
    limit = values.whole(body, "max_results", most) or most
    if limit < 0 or limit > max(MOST, most):
        raise invalid(f"max_results is {limit}: at most {MOST} may be asked for.")
    try:
        start = int(base64.b64decode(str(body.get("page_token") or ""), validate=True) or b"0")
    except (ValueError, binascii.Error) as error:
        raise invalid(f"page_token {body['page_token']!r} is none that was given out.") from error
    page, end = found[start : start + limit], start + limit
    more = {"next_page_token": base64.b64encode(str(end).encode()).decode()} if end < len(found) else {}
    return page, more
