"""What on call wants to see of production: who answers, since when, by whose approval, and what is under
way."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.production.state import State
from ml.production.world import World
from ml.terminal.console import facts, table

GO_ON = "`mlops promote` takes it up, `mlops rollback` ends it"
SHOWN = 5  # lines of the history


def status(world: World) -> dict[str, Any]:
    """All of it; nothing is changed. Where state, pool and cluster disagree, `wrong` says so."""
    state, members = world.store.read(), world.pool.members()
    there = {one.name: one for one in world.cluster.revisions()}
    names = sorted({*there, *(name for name in members if name.startswith("rev-"))})
    revisions = [
        {
            "revision": name,
            "weight": members.get(name, 0),
            "ready": there[name].ready if name in there else 0,
            "wanted": there[name].wanted if name in there else 0,
            **_role(state, name),
        }
        for name in names
    ]
    return {
        "revisions": revisions,
        "promotion": state.promotion.model_dump(mode="json") if state.promotion else None,
        "lease": world.lease.holder(),
        "history": [entry.model_dump(mode="json") for entry in state.history[-SHOWN:]],
        "wrong": wrong(state, members, {name: one.ready for name, one in there.items()}),
    }


def _role(state: State, name: str) -> dict[str, Any]:
    for role, part in (("serving", state.serving), ("previous", state.previous)):
        if part and part.revision == name:
            return {"is": role, "since": part.since, "approved_by": part.approved_by, "by": part.by}
    promotion = state.promotion
    if promotion and promotion.revision == name:
        return {
            "is": "canary",
            "since": promotion.began,
            "approved_by": promotion.approved_by,
            "by": promotion.by,
        }
    return {"is": "left over", "since": None, "approved_by": "", "by": ""}


def wrong(state: State, members: Mapping[str, int], ready: Mapping[str, int]) -> list[str]:
    """What a person should look at, in sentences."""
    found = [
        f"{name} has {weight}% of the requests and no ready pod: `mlops rollback`"
        for name, weight in sorted(members.items())
        if weight and name in {*ready, *_names(state)} and not ready.get(name)
    ]
    if state.promotion is None and state.serving and members != {state.serving.revision: 100}:
        wanted = state.serving.revision
        found.append(
            f"the pool's weights are {dict(members)}, though {wanted} should have all requests: "
            f"`mlops rollback --to {wanted}`"
        )
    return found


def _names(state: State) -> set[str]:
    return state.kept()


def render(answer: Mapping[str, Any]) -> RenderableType:
    if not answer["revisions"]:
        return "Nothing is released: `mlops promote RELEASE` takes the first one over."
    shown = table("Production", "revision", "", "requests", "ready pods", "since", "approved by")
    for one in answer["revisions"]:
        shown.add_row(
            escape(one["revision"]),
            one["is"],
            f"{one['weight']}%",
            f"{one['ready']} of {one['wanted']}",
            _time(one["since"]),
            escape(_person(one["approved_by"] or "-")),
        )
    parts: list[RenderableType] = [shown]
    if promotion := answer["promotion"]:
        judgement = promotion["judgement"] or {}
        parts.append(
            facts(
                f"{promotion['release']} is being promoted",
                {
                    "stage": f"{promotion['stage']}, {promotion['percent']}% of the requests",
                    "by": f"{promotion['by']}, since {_time(promotion['began'])}",
                    "runs": answer["lease"]
                    or "nowhere: `mlops promote` takes it up, `mlops rollback` ends it",
                    "last judgement": judgement.get("words") or "none yet",
                    "going back": promotion["going_back"] or "no",
                },
            )
        )
    parts.append(
        facts(
            "Lately",
            {
                _time(one["at"]): f"{one['what']}: {one['release']} {one['reason']}"
                for one in answer["history"]
            },
        )
    )
    parts += [f"[bold red]wrong:[/] {escape(line)}" for line in answer["wrong"]]
    return Group(*parts)


def _person(approver: str) -> str:
    """The name alone, of a name and an object id: a terminal has no room for both, and --json has them."""
    return approver.partition(" (")[0]


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}Z"
